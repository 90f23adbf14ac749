internal import AMQPSelect

/// A stop that comes before the start is forgotten.
final class ForgetsAnEarlyStop: ForwardingLoop {
    private var isRunning = false

    override func start() {
        isRunning = true
        base.start()
        isRunning = false
    }

    override func stop() {
        if isRunning { base.stop() }
    }
}

/// The loop returns at once and runs nothing.
final class ReturnsAtOnce: ForwardingLoop {
    override func start() {}
}

/// One stop ends all later starts too.
final class CannotStartAgain: ForwardingLoop {
    private var hasStopped = false

    override func start() {
        if !hasStopped { base.start() }
    }

    override func stop() {
        hasStopped = true
        base.stop()
    }
}

/// The end of a turn is told inside the call that asks for it.
final class EndsTurnsInsideTheCall: ForwardingLoop {
    override func callAtEndOfTurn(_ observer: any TurnObserver) { observer.turnEnded() }
}

/// The end of a turn is told in the next one.
final class EndsTurnsLate: ForwardingLoop {
    override func callAtEndOfTurn(_ observer: any TurnObserver) { base.callLater(.zero) { observer.turnEnded() } }
}

/// The end of a turn is told once for several registrations.
final class MergesEndsOfTurns: ForwardingLoop, TurnObserver {
    private var observers: [ObjectIdentifier: any TurnObserver] = [:]

    override func callAtEndOfTurn(_ observer: any TurnObserver) {
        observers[ObjectIdentifier(observer)] = observer
        if observers.count == 1 { base.callAtEndOfTurn(self) }
    }

    func turnEnded() {
        let batch = observers.values
        observers = [:]
        for observer in batch { observer.turnEnded() }
    }
}

/// Outside a turn nobody asks for one.
final class ForgetsToAskForATurn: ForwardingLoop {
    override func callAtEndOfTurn(_ observer: any TurnObserver) {
        if base.isInTurn { base.callAtEndOfTurn(observer) }
    }
}

/// A loop that is borrowed, and stops its host's loop when it is stopped itself.
final class StopsTheHost: ForwardingLoop {}

/// A loop that is borrowed as it should be: neither stopping nor closing it is anything to the host.
final class LeavesTheHostAlone: ForwardingLoop {
    private var isStarted = false
    private var isOver = false

    override func start() {
        isStarted = true
        base.start()
        isStarted = false
    }

    override func stop() {
        if isStarted { base.stop() }
    }

    override func close() { isOver = true }

    override func callLater(_ delay: Duration, _ callback: @escaping () -> Void) -> TimerHandle {
        base.callLater(delay) { [self] in if !isOver { callback() } }
    }
}
