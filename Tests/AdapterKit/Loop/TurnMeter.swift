internal import AMQPConnection

/// Tells in which turn something happened, by counting the ends of turns.
final class TurnMeter: TurnObserver {
    private let loop: any IOLoop
    private var isRegistered = false

    /// Called at the end of each turn that something was marked in.
    var onEnd: () -> Void = {}
    private(set) var endedTurns = 0

    init(_ loop: any IOLoop) { self.loop = loop }

    /// The number of the current turn; only turns in which something is marked are counted.
    func mark() -> Int {
        if !isRegistered {
            isRegistered = true
            loop.callAtEndOfTurn(self)
        }
        return endedTurns
    }

    func turnEnded() {
        isRegistered = false
        endedTurns += 1
        onEnd()
    }
}
