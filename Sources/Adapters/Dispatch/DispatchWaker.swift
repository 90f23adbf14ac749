import Dispatch

// SAFETY: dispatch sources may be used from any thread at once, and the property never changes. The handler is set
// before the source is activated and runs on the source's queue only.
/// A source that any thread can fire; several firings before its handler runs are one.
final class DispatchWaker: @unchecked Sendable {
    private let source: any DispatchSourceUserDataAdd

    init(on queue: DispatchQueue) {
        source = DispatchSource.makeUserDataAddSource(queue: queue)
    }

    /// Sets what runs on the queue after ``wake()``; called once, before anything else.
    func start(_ handler: @escaping () -> Void) {
        source.setEventHandler(handler: handler)
        source.activate()
    }

    /// Fires the source; does nothing once it was cancelled.
    func wake() {
        source.add(data: 1)
    }

    /// Ends it and releases the handler.
    func cancel() {
        source.cancel()
    }
}
