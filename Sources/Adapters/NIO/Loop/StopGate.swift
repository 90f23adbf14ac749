#if NIO
import NIOConcurrencyHelpers

/// Where threads outside an event loop wait for the loop on it to be stopped.
final class StopGate: Sendable {
    private let isOpen = ConditionLock(value: false)

    /// Lets the thread that waits go on, or the next one that comes; opening twice lets only one thread through.
    func open() {
        isOpen.lock()
        isOpen.unlock(withValue: true)
    }

    /// Waits until the gate is open, and shuts it again.
    @available(*, noasync)
    func pass() {
        isOpen.lock(whenValue: true)
        isOpen.unlock(withValue: false)
    }
}
#endif
