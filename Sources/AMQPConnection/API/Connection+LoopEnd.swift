/// What a closed loop leaves to its connections: each ends, and calls what it still owes.
extension Connection {
    // SAFETY: `connection` is set before the ticket is shared and read on the loop's thread only; releasing a weak reference
    // elsewhere frees nothing of the loop's.
    /// What the loop's mailbox holds of a connection.
    private final class Ticket: @unchecked Sendable {
        weak var connection: Connection?
    }

    /// Runs what must not run inside the user's call: once, in a later turn, or when the loop is closed before that.
    func runLater(_ callback: @escaping () -> Void) {
        if mailbox.isClosed {
            // The loop is about to end, and runs no timers any more. When it has ended, it drops this.
            ioLoop.callAtEndOfTurn(LastTurn(self, callback))
        } else {
            owedCallbacks.append(callback)
            ioLoop.callLater(.zero) { self.runOwedCallback() }
        }
    }

    /// Has the connection end with its loop, in whichever state it is then.
    func endWithLoop() {
        guard !mailbox.isClosed else { return runLater { self.loopClosed() } }
        let ticket = Ticket()
        ticket.connection = self
        mailbox.addFarewell(of: ObjectIdentifier(self)) { ticket.connection?.loopClosed() }
    }

    private func runOwedCallback() {
        owedCallbacks.popFirst()?()
    }

    private func loopClosed() {
        // What is owed comes first: it may be the end that a close of the user's leads to.
        runOwedCallbacks()
        endForGood(AMQPError(.loopClosed, blame: .application, "the loop was closed"))
        runOwedCallbacks()
    }

    fileprivate func runOwedCallbacks() {
        while let callback = owedCallbacks.popFirst() { callback() }
    }
}

/// The end of the turn in which a loop is closed.
private final class LastTurn: TurnObserver {
    private let connection: Connection
    private let callback: () -> Void

    init(_ connection: Connection, _ callback: @escaping () -> Void) {
        self.connection = connection
        self.callback = callback
    }

    func turnEnded() {
        // What was owed before comes first.
        connection.runOwedCallbacks()
        callback()
    }
}
