import AMQPConnection
import Dispatch

/// Where threads outside a queue wait for its loop to be stopped.
final class StopGate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let isOpen = Guarded(false)

    /// Lets the thread that waits go on, or the next one that comes; opening twice lets only one thread through.
    func open() {
        let wasOpen = isOpen.withLock { isOpen in
            defer { isOpen = true }
            return isOpen
        }
        if !wasOpen { semaphore.signal() }
    }

    /// Waits until the gate is opened, and shuts it again.
    @available(*, noasync)
    func pass() {
        semaphore.wait()
        isOpen.withLock { $0 = false }
    }
}
