#if NIO
import NIOCore
import Synchronization

// SAFETY: `backend` is set before the waker is shared, and read on the event loop only; releasing a weak reference
// elsewhere frees nothing of the loop's.
/// What other threads hold of a loop: it makes the event loop call the backend.
final class NIOWaker: @unchecked Sendable {
    weak var backend: NIOBackend?
    private let eventLoop: any EventLoop
    private let isOver = Atomic(false)

    init(_ eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
    }

    /// Wakes the loop from any thread; does nothing once it was ended.
    func wake() {
        guard !isOver.load(ordering: .relaxed) else { return }
        eventLoop.execute { self.backend?.woken() }
    }

    /// An event loop that may have been shut down is not called any more.
    func end() {
        isOver.store(true, ordering: .relaxed)
    }
}
#endif
