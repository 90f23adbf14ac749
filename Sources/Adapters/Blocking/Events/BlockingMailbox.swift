public import AMQPConnection

/// The thread-safe entrance of a ``BlockingConnection``: other threads leave callbacks here, to be run on the connection's.
///
/// The connection and its channels belong to one thread; this can be handed to any other. A call that waits, such as
/// ``BlockingChannel/startConsuming()``, is woken at once:
///
///     let mailbox = connection.mailbox
///     Thread.detachNewThread { work(); try? mailbox.addCallbackThreadsafe { connection in try connection.close() } }
///
/// What belongs to a channel, an acknowledgement above all, is left at the channel's own (``BlockingChannel/mailbox``).
public final class BlockingMailbox: Sendable {
    private struct State {
        var callbacks: [@Sendable (BlockingConnection) throws -> Void] = []
        var isClosed = false
    }

    private let state = Guarded(State())
    private let loop: Mailbox

    init(_ loop: Mailbox) {
        self.loop = loop
    }

    /// Has `callback` run with the connection on the connection's thread, when the program next lets callbacks run.
    ///
    /// Callbacks of one thread run in the order in which they were posted. What a callback throws is thrown by the call
    /// that ran it, for example ``BlockingConnection/processDataEvents(timeLimit:)``.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/connectionWrongState`` if the connection is over; the
    ///   callback does not run then. One that was accepted and had not run when the connection ended is dropped.
    public func addCallbackThreadsafe(
        _ callback: @escaping @Sendable (BlockingConnection) throws -> Void
    ) throws(AMQPError) {
        let isAccepted = state.withLock { state in
            if !state.isClosed { state.callbacks.append(callback) }
            return !state.isClosed
        }
        guard isAccepted else {
            throw AMQPError(
                .connectionWrongState, blame: .application, "a callback was posted to a connection that is over")
        }
        do {
            try loop.addCallbackThreadsafe {}
        } catch {
            throw AMQPError(
                .connectionWrongState, blame: .application, "a callback was posted to a connection that is over",
                underlying: error)
        }
    }

    /// Takes what was posted, in order.
    func drain() -> [@Sendable (BlockingConnection) throws -> Void] {
        state.withLock { state in
            guard !state.callbacks.isEmpty else { return [] }
            defer { state.callbacks = [] }
            return state.callbacks
        }
    }

    /// Refuses callbacks from now on.
    func close() {
        let dropped = state.withLock { state in
            defer { state = State(isClosed: true) }
            return state.callbacks
        }
        // Outside the lock: what the callbacks hold may come back here when it is let go.
        withExtendedLifetime(dropped) {}
    }
}
