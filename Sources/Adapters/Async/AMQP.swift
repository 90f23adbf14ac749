public import AMQPConnection

/// Where a program with `async` functions begins.
///
/// ```swift
/// try await AMQP.withConnection("amqp://localhost") { connection in
///     let channel = try await connection.channel()
///     try await channel.queueDeclare("test", durable: true)
///     for try await delivery in try await channel.basicConsume("test") {
///         print(delivery.text)
///         channel.basicAck(delivery.tag)
///     }
/// }
/// ```
public enum AMQP {
    /// Connects to the broker of a URL, on a loop with a thread of its own (epoll(7) on Linux, poll(2) elsewhere), which
    /// ends when nobody holds the connection or anything of it any more.
    ///
    /// - Throws: ``AMQPError``: what the URL or the connection failed with, or ``AMQPError/Code/cancelled``.
    public static func connect(_ url: String) async throws(AMQPError) -> AsyncConnection {
        try await connect(try ConnectionParameters(url: url))
    }

    /// Connects on a loop with a thread of its own, as ``connect(_:)-(String)`` does.
    ///
    /// - Throws: ``AMQPError``: what the connection failed with, or ``AMQPError/Code/cancelled``.
    public static func connect(_ parameters: ConnectionParameters) async throws(AMQPError) -> AsyncConnection {
        try await connect(parameters, on: try await LoopThread.start())
    }

    /// Connects to the first of several parameter sets that leads to an open connection, on a loop with a thread of its own.
    ///
    /// They are tried in order, and as often, as the last one's ``ConnectionParameters/connectionAttempts`` says.
    ///
    /// - Parameter candidates: where and how to connect, at least one; ``ConnectionParameters/at(_:)`` makes them for
    ///   several hosts.
    /// - Throws: ``AMQPError``: the last failure, which lists all of them, or ``AMQPError/Code/cancelled``.
    public static func connect(_ candidates: [ConnectionParameters]) async throws(AMQPError) -> AsyncConnection {
        try await connect(candidates, on: try await LoopThread.start())
    }

    /// Connects on any loop, which the program runs.
    ///
    /// - Parameters:
    ///   - parameters: where and how to connect.
    ///   - executor: the loop's executor, made on the loop's thread.
    /// - Throws: ``AMQPError``: what the connection failed with, ``AMQPError/Code/loopClosed``, or
    ///   ``AMQPError/Code/cancelled``; a connection that is being opened is given up then.
    public static func connect(
        _ parameters: ConnectionParameters, on executor: IOLoopExecutor
    ) async throws(AMQPError) -> AsyncConnection {
        try await connect([parameters], on: executor)
    }

    /// Connects to the first of several parameter sets that leads to an open connection, on any loop, which the program runs.
    ///
    /// - Parameters:
    ///   - candidates: where and how to connect, at least one.
    ///   - executor: the loop's executor, made on the loop's thread.
    /// - Throws: ``AMQPError``: the last failure, which lists all of them, ``AMQPError/Code/loopClosed``, or
    ///   ``AMQPError/Code/cancelled``; a connection that is being opened is given up then.
    public static func connect(
        _ candidates: [ConnectionParameters], on executor: IOLoopExecutor
    ) async throws(AMQPError) -> AsyncConnection {
        try await executor.loop.reply { loop, pending in
            let connection = Connection(
                candidates, on: loop,
                onOpen: { pending.finish(.success(AsyncConnection($0, on: executor, isOwned: true))) },
                onOpenError: { pending.finish(.failure($1.code == .connectionOpenAborted ? .cancelled : $1)) })
            pending.withdraw = { connection.close() }
        }
    }

    /// Connects, runs `body`, and closes the connection whatever happens: also if `body` throws or the task is cancelled.
    ///
    /// - Parameters:
    ///   - url: where and how to connect.
    ///   - body: uses the connection; what it throws is thrown on.
    /// - Throws: what `body` throws; else ``AMQPError`` if connecting fails, or closing a connection that is still open.
    public static func withConnection<Value>(
        _ url: String, _ body: (AsyncConnection) async throws -> Value
    ) async throws -> Value {
        try await withConnection(try ConnectionParameters(url: url), body)
    }

    /// Connects, runs `body`, and closes the connection whatever happens: also if `body` throws or the task is cancelled.
    ///
    /// - Parameters:
    ///   - parameters: where and how to connect.
    ///   - executor: the executor of the loop to connect on. Default: a loop with a thread of its own.
    ///   - body: uses the connection; what it throws is thrown on.
    /// - Throws: what `body` throws; else ``AMQPError`` if connecting fails, or closing a connection that is still open.
    public static func withConnection<Value>(
        _ parameters: ConnectionParameters, on executor: IOLoopExecutor? = nil,
        _ body: (AsyncConnection) async throws -> Value
    ) async throws -> Value {
        let executor = if let executor { executor } else { try await LoopThread.start() }
        let connection = try await connect(parameters, on: executor)
        return try await closing(connection.close, connection, body)
    }

    /// Runs `body` with something that is closed afterwards, keeping the error of `body`.
    static func closing<Object, Value>(
        _ close: () async throws(AMQPError) -> Void, _ object: Object, _ body: (Object) async throws -> Value
    ) async throws -> Value {
        let value: Value
        do {
            value = try await body(object)
        } catch {
            // The error that led here is the one to know of.
            try? await close()
            throw error
        }
        try await close()
        return value
    }
}
