internal import AMQPSelect

/// Every third timer is lost.
final class DropsATimer: ForwardingLoop {
    private var count = 0

    override func callLater(_ delay: Duration, _ callback: @escaping () -> Void) -> TimerHandle {
        count += 1
        return base.callLater(delay, count % 3 == 2 ? {} : callback)
    }
}

/// Timers run a little early, as with a time-out that is rounded down.
final class FiresEarly: ForwardingLoop {
    override func callLater(_ delay: Duration, _ callback: @escaping () -> Void) -> TimerHandle {
        base.callLater(delay - .microseconds(800), callback)
    }
}

/// Timers run twice.
final class FiresTwice: ForwardingLoop {
    override func callLater(_ delay: Duration, _ callback: @escaping () -> Void) -> TimerHandle {
        base.callLater(delay) { [base] in
            callback()
            base.callLater(.zero, callback)
        }
    }
}

/// Timers of ten milliseconds take as long as those of ten seconds.
final class FiresLate: ForwardingLoop {
    override func callLater(_ delay: Duration, _ callback: @escaping () -> Void) -> TimerHandle {
        base.callLater(delay > .milliseconds(1) && delay < .seconds(1) ? delay * 40 : delay, callback)
    }
}

/// Timers that are due together run in the wrong order.
final class RunsEqualTimersBackwards: ForwardingLoop {
    private var batch: [() -> Void] = []

    override func callLater(_ delay: Duration, _ callback: @escaping () -> Void) -> TimerHandle {
        guard delay <= .zero else { return base.callLater(delay, callback) }
        batch.append(callback)
        return base.callLater(.zero) { self.batch.popLast()?() }
    }
}

/// Cancelling does nothing.
final class IgnoresCancel: ForwardingLoop {
    override func callLater(_ delay: Duration, _ callback: @escaping () -> Void) -> TimerHandle {
        base.callLater(delay, callback)
        return Uncancellable()
    }
}

/// Cancelling is honoured unless the timer is due already.
final class IgnoresCancelInBatch: ForwardingLoop {
    final class Timer: Cancellable {
        var isDue: () -> Bool = { false }
        var handle: TimerHandle?

        func cancel() {
            if !isDue() { handle?.cancel() }
        }
    }

    override func callLater(_ delay: Duration, _ callback: @escaping () -> Void) -> TimerHandle {
        let timer = Timer()
        let deadline = now.advanced(by: delay)
        timer.isDue = { [base] in base.isInTurn && deadline <= base.now }
        timer.handle = base.callLater(delay, callback)
        return timer
    }
}

/// A timer that is cancelled holds its callback until its deadline.
final class KeepsCancelledCallbacks: ForwardingLoop {
    private var kept: [() -> Void] = []

    override func callLater(_ delay: Duration, _ callback: @escaping () -> Void) -> TimerHandle {
        kept.append(callback)
        return base.callLater(delay, callback)
    }
}

/// A timer of zero runs inside the call that makes it.
final class RunsTimersInsideTheCall: ForwardingLoop {
    override func callLater(_ delay: Duration, _ callback: @escaping () -> Void) -> TimerHandle {
        guard delay <= .zero else { return base.callLater(delay, callback) }
        callback()
        return Uncancellable()
    }
}

/// A timer of zero that a timer makes runs right behind it, in the same turn.
final class RunsZeroDelaysInTheSameTurn: ForwardingLoop {
    private var pending: [() -> Void] = []

    override func callLater(_ delay: Duration, _ callback: @escaping () -> Void) -> TimerHandle {
        if delay <= .zero, base.isInTurn {
            pending.append(callback)
            return Uncancellable()
        }
        return base.callLater(delay) {
            callback()
            while !self.pending.isEmpty { self.pending.removeFirst()() }
        }
    }
}

/// A timer that is due runs in the turn after.
final class RunsTimersATurnLater: ForwardingLoop {
    override func callLater(_ delay: Duration, _ callback: @escaping () -> Void) -> TimerHandle {
        base.callLater(delay) { [base] in base.callLater(.zero, callback) }
    }
}

/// The clock is set back now and then, like a wall clock.
final class ClockGoesBack: ForwardingLoop {
    private var reads = 0

    override var now: LoopInstant {
        reads += 1
        return reads % 50 == 0 ? base.now.advanced(by: .seconds(-1)) : base.now
    }
}

/// The loop never sleeps.
final class NeverSleeps: ForwardingLoop {
    override func start() {
        spin()
        base.start()
    }

    private func spin() {
        base.callLater(.zero) { [weak self] in self?.spin() }
    }
}
