import CLibev
import Synchronization

/// Wakes a libev loop from any thread; outlives it, and then does nothing.
final class LibevWaker: Sendable {
    // SAFETY: the pointers are only used under the lock, which `stop` takes before the watcher ends; and
    // `ev_async_send` is the one function of libev that any thread may call.
    private struct Target: @unchecked Sendable {
        let loop: OpaquePointer
        let watcher: UnsafeMutablePointer<ev_async>
    }

    private let target: Mutex<Target?>

    /// Takes a watcher that was started on the loop and stays there until ``stop()``.
    init(_ loop: OpaquePointer, _ watcher: UnsafeMutablePointer<ev_async>) {
        target = Mutex(Target(loop: loop, watcher: watcher))
    }

    func wake() {
        target.withLock { target in
            if let target { ev_async_send(target.loop, target.watcher) }
        }
    }

    /// Stops the watcher; for the loop's thread.
    func stop() {
        target.withLock { target in
            if let target { ev_async_stop(target.loop, target.watcher) }
            target = nil
        }
    }
}
