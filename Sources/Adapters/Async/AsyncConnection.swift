public import AMQPConnection
import AMQPProtocol

/// A connection for `async` functions, on any loop; it drives a ``Connection``, which does all the work.
///
/// It may be used from any task. A call that is made on the loop's thread, for example by an actor pinned to it with an
/// ``IOLoopExecutor``, goes to the connection at once; others are posted to the loop.
///
/// Every call that waits can be cancelled with its task, and throws ``AMQPError/Code/cancelled`` then; what was asked for
/// is withdrawn as far as possible, and no reply is ever taken for another's. Two things are waited for all the same: a
/// close, until its deadline (a channel's is its ``Channel/requestTimeout``), and handlers of `consume` that are running.
///
/// A connection made by ``AMQP/connect(_:)-(String)`` and its kind is closed when nobody holds it, its channels or their
/// deliveries any more; it is better closed by name.
public final class AsyncConnection: Sendable {
    /// Runs actors and tasks on the connection's loop.
    public let executor: IOLoopExecutor

    let bound: LoopBound<Connection>
    private let isOwned: Bool

    /// Wraps a connection of the program's; call it on the loop's thread. Dropping it does not close the connection.
    public convenience init(_ connection: Connection) {
        self.init(connection, on: IOLoopExecutor(connection.ioLoop), isOwned: false)
    }

    init(_ connection: Connection, on executor: IOLoopExecutor, isOwned: Bool) {
        self.executor = executor
        self.bound = LoopBound(connection)
        self.isOwned = isOwned
    }

    deinit {
        guard isOwned else { return }
        // The executor is kept until the connection is closed: a loop's thread ends with it.
        try? bound.execute { [executor] connection in
            if connection.isOpen { connection.close { _ in withExtendedLifetime(executor) {} } }
        }
    }

    /// Runs `body` with the underlying connection on the loop's thread, for all that has no `async` form: listeners,
    /// counters, timers of the loop.
    ///
    /// - Throws: ``AMQPError``: what `body` throws; ``AMQPError/Code/loopClosed``; ``AMQPError/Code/cancelled`` if the task
    ///   was cancelled before `body` could run.
    public func run<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws(AMQPError) -> Value
    ) async throws(AMQPError) -> Value {
        try await bound.reply { connection, pending in
            pending.finish(Result { () throws(AMQPError) in try body(connection) })
        }
    }

    /// Opens a channel.
    ///
    /// - Parameter number: the channel's number; the lowest free one if `nil`.
    /// - Throws: ``AMQPError``: as ``Connection/openChannel(number:completion:)``, or ``AMQPError/Code/cancelled``; a channel
    ///   that the broker opens all the same is closed again.
    public func channel(number: UInt16? = nil) async throws(AMQPError) -> AsyncChannel {
        try await bound.reply { connection, pending in
            let channel = connection.makeChannel(number: number) { result in
                pending.finish(result.map { AsyncChannel($0, on: self, isOwned: true) })
            }
            guard let channel else { return }
            let request = channel.lastRequest
            pending.withdraw = { channel.withdraw(request) }
        }
    }

    /// Opens a channel, runs `body`, and closes the channel whatever happens: also if `body` throws or the task is
    /// cancelled.
    ///
    /// - Throws: what `body` throws; else ``AMQPError`` if opening fails, or closing a channel that is still open.
    public func withChannel<Value>(_ body: (AsyncChannel) async throws -> Value) async throws -> Value {
        let channel = try await channel()
        return try await AMQP.closing(channel.close, channel, body)
    }

    /// Gives the broker a new secret (`connection.update-secret`).
    ///
    /// - Parameters:
    ///   - secret: the new secret; it is never logged.
    ///   - reason: why it changes, for the broker's log; at most 255 bytes.
    /// - Throws: ``AMQPError``: as ``Connection/updateSecret(_:reason:completion:)``, or ``AMQPError/Code/cancelled``.
    public func updateSecret(_ secret: String, reason: String) async throws(AMQPError) {
        _ = try await bound.reply { (connection, pending: PendingReply<ConnectionUpdateSecretOK>) in
            connection.updateSecret(secret, reason: reason) { pending.finish($0) }
            pending.withdraw = { pending.finish(.failure(.cancelled)) }
        }
    }

    /// Closes the connection, its channels first, and waits until that is done; a connection that is over already is left
    /// as it is. The task's cancellation does not end the wait, since the deadline does.
    ///
    /// - Parameters:
    ///   - replyCode: the reason's code. Default: 200.
    ///   - replyText: the reason's text, at most 255 bytes.
    ///   - deadline: after this time the stream is cut. Default: 10 s.
    /// - Throws: ``AMQPError`` if the connection, being open, ended in another way than by this close.
    public func close(
        replyCode: UInt16 = 200, replyText: String = "Normal shutdown", deadline: Duration = .seconds(10)
    ) async throws(AMQPError) {
        try await bound.reply(isCancellable: false) { connection, pending in
            if connection.isClosed { return pending.finish(.success(())) }
            if connection.isClosing {
                connection.onClose { _, _ in pending.finish(.success(())) }
                return
            }
            connection.close(replyCode: replyCode, replyText: replyText, deadline: deadline) { pending.finish($0) }
        }
    }

    /// Closes as ``close(replyCode:replyText:deadline:)`` does with all its defaults.
    func close() async throws(AMQPError) {
        try await close(replyCode: 200)
    }

    /// Waits for the connection's end; one that is being opened may end without having been open.
    ///
    /// - Returns: why it is over: ``AMQPError/Code/connectionClosedByClient`` after an orderly close.
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/cancelled`` or ``AMQPError/Code/loopClosed``.
    public func closed() async throws(AMQPError) -> AMQPError {
        try await bound.reply { connection, pending in
            if let reason = connection.closeReason { return pending.finish(.success(reason)) }
            // One of the two comes, and whoever waits here counts as one who is told.
            let tokens = [
                connection.onOpenError { pending.finish(.success($1)) },
                connection.onClose { pending.finish(.success($1)) },
            ]
            pending.withdraw = {
                for token in tokens { token.remove() }
                pending.finish(.failure(.cancelled))
            }
        }
    }
}

extension AsyncConnection: CustomStringConvertible {
    /// The class; ``Connection/description`` tells the state.
    public var description: String { "connection for async functions" }
}
