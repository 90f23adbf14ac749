import AMQPConnection

/// One timer of a ``TimerQueue``; the handle that `callLater` returns.
final class LoopTimer: Cancellable {
    let deadline: LoopInstant
    /// Tells timers with equal deadlines apart, and those made in the current turn from older ones.
    let sequence: UInt64
    /// Where the timer stands in the heap; -1 outside it.
    var position = -1
    /// The queue, while the timer is in it.
    var queue: TimerQueue?
    private var callback: (() -> Void)?

    init(deadline: LoopInstant, sequence: UInt64, callback: @escaping () -> Void) {
        self.deadline = deadline
        self.sequence = sequence
        self.callback = callback
    }

    /// Runs the callback, unless it ran or was cancelled.
    func fire() {
        guard let callback else { return }
        self.callback = nil
        callback()
    }

    func cancel() {
        // What the callback holds is released last: its release may run user code that comes back here.
        let callback = self.callback
        self.callback = nil
        queue?.remove(self)
        withExtendedLifetime(callback) {}
    }
}
