internal import AMQPConnection

/// Something that a ``VirtualLoop`` does at an instant: a timer, or an event that stands for the outside world.
final class VirtualTimer: Cancellable {
    let deadline: LoopInstant
    let sequence: UInt64
    private var callback: (() -> Void)?

    init(deadline: LoopInstant, sequence: UInt64, callback: @escaping () -> Void) {
        self.deadline = deadline
        self.sequence = sequence
        self.callback = callback
    }

    var isCancelled: Bool { callback == nil }

    func cancel() { callback = nil }

    /// Runs the callback unless it ran or was cancelled.
    func fire() {
        guard let callback else { return }
        self.callback = nil
        callback()
    }
}
