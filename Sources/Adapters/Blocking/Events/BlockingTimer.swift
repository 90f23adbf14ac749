public import AMQPConnection

/// A timer of a ``BlockingConnection``; dropping it does not cancel the timer.
public final class BlockingTimer: Cancellable {
    private var callback: ((BlockingConnection) throws -> Void)?
    var timer: TimerHandle?
    var onCancel: (() -> Void)?

    init(_ callback: @escaping (BlockingConnection) throws -> Void) {
        self.callback = callback
    }

    /// Calls it off, also when it is due already and waits for its turn. Cancelling twice, from its own callback, or after
    /// it ran does nothing.
    public func cancel() {
        // What the callback holds is released last: its release may run code of the program's that comes back here.
        let callback = self.callback
        self.callback = nil
        timer?.cancel()
        timer = nil
        onCancel?()
        onCancel = nil
        withExtendedLifetime(callback) {}
    }

    /// Runs the callback, once.
    func fire(_ connection: BlockingConnection) throws {
        let callback = self.callback
        self.callback = nil
        timer = nil
        onCancel = nil
        try callback?(connection)
    }
}

@available(*, unavailable)
extension BlockingTimer: Sendable {}
