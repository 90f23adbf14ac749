#if NIO
public import AMQPConnection
public import NIOCore

/// A connection whose calls return futures.
///
/// Any thread may call it: a call made elsewhere is carried to the event loop, in order. All futures belong to
/// ``eventLoop``. The connection lives until it is closed, also when nobody holds this.
public final class FutureConnection: Sendable {
    /// The event loop of the connection and of its futures.
    public let eventLoop: any EventLoop
    /// The parameters of the attempt that led to the connection.
    public let parameters: ConnectionParameters
    /// Succeeds once, with the reason, when the connection is over; everything on it has been completed by then.
    public let closed: EventLoopFuture<AMQPError>
    private let bound: LoopBound<Connection>
    private let isOver: Flag

    /// Takes a connection that is open; called on its loop.
    init(_ connection: Connection, _ eventLoop: any EventLoop, closed: EventLoopFuture<AMQPError>, _ isOver: Flag) {
        self.eventLoop = eventLoop
        self.parameters = connection.parameters
        self.closed = closed
        self.isOver = isOver
        bound = LoopBound(connection)
    }

    /// Connects: resolves the name, opens a channel of SwiftNIO's, secures it if the parameters say so, and logs in.
    ///
    /// - Parameters:
    ///   - parameters: where and how to connect.
    ///   - eventLoop: the event loop to run on, one of SwiftNIO's own (of a `MultiThreadedEventLoopGroup`). It is never
    ///     stopped or blocked.
    /// - Returns: the open connection, or the reason why there is none.
    public static func connect(
        _ parameters: ConnectionParameters = ConnectionParameters(), on eventLoop: any EventLoop
    ) -> EventLoopFuture<FutureConnection> {
        create(RetryingWorkflow([parameters]), on: eventLoop).connection
    }

    /// Connects to the first of several parameter sets that leads to an open connection.
    ///
    /// They are tried in order, and as often, as the last one's `connectionAttempts` says.
    ///
    /// - Parameters:
    ///   - candidates: where and how to connect, at least one; `ConnectionParameters.at(_:)` makes them for several hosts.
    ///   - eventLoop: the event loop to run on, one of SwiftNIO's own.
    /// - Returns: the open connection, or the last failure, which lists all of them.
    public static func connect(
        _ candidates: [ConnectionParameters], on eventLoop: any EventLoop
    ) -> EventLoopFuture<FutureConnection> {
        create(RetryingWorkflow(candidates), on: eventLoop).connection
    }

    /// Begins to connect as a workflow says; what is returned can be aborted until the connection is open.
    ///
    /// - Parameters:
    ///   - workflow: says what to try, for example a `RetryingWorkflow`; it is asked on the event loop.
    ///   - eventLoop: the event loop to run on, one of SwiftNIO's own.
    public static func create(
        _ workflow: sending any ConnectionWorkflow, on eventLoop: any EventLoop
    ) -> FutureConnectionCreation {
        FutureConnectionCreation(workflow, on: eventLoop)
    }

    /// Whether the connection is over. Another thread may see it a little later than the event loop does.
    public var isClosed: Bool { isOver.isSet }

    /// Opens a channel.
    ///
    /// - Parameter number: the channel's number; the lowest free one if `nil`.
    /// - Returns: the open channel; it fails with ``AMQPConnection/AMQPError/Code/connectionWrongState``,
    ///   ``AMQPConnection/AMQPError/Code/noFreeChannels``, ``AMQPConnection/AMQPError/Code/channelNumberInUse``, or what
    ///   ended the channel or the connection first.
    public func channel(number: UInt16? = nil) -> EventLoopFuture<FutureChannel> {
        request { [eventLoop] connection, completion in
            connection.openChannel(number: number) { result in
                completion(result.map { FutureChannel($0, on: eventLoop) })
            }
        }
    }

    /// Closes the connection in order: its channels first.
    ///
    /// - Parameters:
    ///   - replyCode: the reason's code.
    ///   - replyText: the reason's text, at most 255 bytes.
    /// - Returns: completed when the broker has confirmed; it fails with
    ///   ``AMQPConnection/AMQPError/Code/connectionWrongState`` if the connection was closing or closed before.
    @discardableResult
    public func close(replyCode: UInt16 = 200, replyText: String = "Normal shutdown") -> EventLoopFuture<Void> {
        request { $0.close(replyCode: replyCode, replyText: replyText, completion: $1) }
    }

    /// Gives the broker a new secret (`connection.update-secret`), for example a token that replaces one that expires.
    ///
    /// - Parameters:
    ///   - secret: the new secret; it is never logged.
    ///   - reason: why it changes, for the broker's log; at most 255 bytes.
    @discardableResult
    public func updateSecret(_ secret: String, reason: String) -> EventLoopFuture<ConnectionUpdateSecretOK> {
        request { $0.updateSecret(secret, reason: reason, completion: $1) }
    }

    /// Calls `body` on the event loop with the connection that this one is made of: for listeners such as `onBlocked`, or
    /// properties. It is called at once on the event loop itself.
    ///
    /// - Returns: what `body` returned.
    public func withConnection<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) throws -> Value
    ) -> EventLoopFuture<Value> {
        onLoop { [eventLoop] connection in eventLoop.makeCompletedFuture { try body(connection) } }
    }

    /// Makes a future of any call of the connection's that takes a completion.
    ///
    /// - Parameter call: called on the event loop; it passes the completion on, which must be called exactly once.
    public func request<Value: Sendable>(
        _ call: @escaping @Sendable (Connection, @escaping (Result<Value, AMQPError>) -> Void) -> Void
    ) -> EventLoopFuture<Value> {
        onLoop { [eventLoop] connection in
            if let refusal = connection.loopRefusal { return eventLoop.makeFailedFuture(refusal) }
            let promise = eventLoop.makePromise(of: Value.self)
            call(connection) { promise.completeWith($0.mapError { $0 }) }
            return promise.futureResult
        }
    }

    private func onLoop<Value: Sendable>(
        _ body: @escaping @Sendable (Connection) -> EventLoopFuture<Value>
    ) -> EventLoopFuture<Value> {
        if eventLoop.inEventLoop { return FutureConnection.call(bound, eventLoop, body) }
        return eventLoop.flatSubmit { [bound, eventLoop] in FutureConnection.call(bound, eventLoop, body) }
    }

    private static func call<Value: Sendable>(
        _ bound: LoopBound<Connection>, _ eventLoop: any EventLoop, _ body: (Connection) -> EventLoopFuture<Value>
    ) -> EventLoopFuture<Value> {
        do { return try bound.withValue(body) } catch { return eventLoop.makeFailedFuture(error) }
    }
}

extension FutureConnection: CustomStringConvertible {
    /// Where it leads, and whether it is over; never a secret.
    public var description: String { "future connection to \(parameters)\(isClosed ? " (closed)" : "")" }
}
#endif
