internal import AMQPConnection
internal import AMQPPosix

/// What follows an I/O event in its turn (law L1): a callback that the event posts, then a timer of an earlier turn that
/// has become due by then.
///
/// Unlike the order of what is ready when a turn begins, this can be told on every loop, also on those that run a turn for
/// each event.
final class EventSequel {
    private let check: CheckRun
    private let meter: TurnMeter
    /// Makes the event happen, soon.
    private let trigger: () -> Void
    private var deadline = LoopInstant(nanoseconds: 0)
    private var events: [String] = []
    private var turns: Set<Int> = []
    private var delay = Duration.milliseconds(20)

    init(_ check: CheckRun, trigger: @escaping () -> Void) {
        self.check = check
        self.trigger = trigger
        meter = TurnMeter(check.loop)
    }

    /// Begins, in a turn before that of the event.
    func begin() {
        check.loop.callLater(delay) { [self] in note("timer") }
        deadline = check.loop.now.advanced(by: delay)
        trigger()
    }

    /// The event, in whose callback this is called.
    func eventCame() {
        guard events.isEmpty else {
            // The machine was too slow: the timer was due before the event came.
            events = []
            turns = []
            delay *= 2
            check.loop.callLater(.zero) { [self] in begin() }
            return
        }
        let box = Confined(self)
        note("event")
        try? check.loop.addCallbackThreadsafe { box.value.note("mailbox") }
        while check.loop.now <= deadline.advanced(by: .milliseconds(2)) { System.sleep(.milliseconds(1)) }
    }

    private func note(_ event: String) {
        events.append(event)
        turns.insert(meter.mark())
        guard events.count == 3 else { return }
        check.expectEqual(events, ["event", "mailbox", "timer"], "what followed an event in its turn")
        check.expectEqual(turns.count, 1, "turns of an event and of what was due by its end")
        check.finish()
    }
}
