extension Connection {
    /// Makes a connection to the first of several parameter sets that leads to one, and begins to connect.
    ///
    /// They are tried in order, and as often, as the last one's ``ConnectionParameters/connectionAttempts`` says; a
    /// ``RetryingWorkflow`` has more to choose.
    ///
    /// - Parameters:
    ///   - candidates: where and how to connect, at least one; ``ConnectionParameters/at(_:)`` makes them for several
    ///     hosts.
    ///   - loop: the loop to run on; call this on its thread (or before it is started).
    ///   - onOpen: called once when the connection is open.
    ///   - onOpenError: called once if the connection cannot be opened; the error lists all failures.
    ///   - onClose: called once when the connection, having been open, is over.
    public convenience init(
        _ candidates: [ConnectionParameters], on loop: any IOLoop,
        onOpen: ((Connection) throws -> Void)? = nil, onOpenError: ((Connection, AMQPError) throws -> Void)? = nil,
        onClose: ((Connection, AMQPError) throws -> Void)? = nil
    ) {
        self.init(
            workflow: RetryingWorkflow(candidates), over: nil, on: loop, onOpen: onOpen, onOpenError: onOpenError,
            onClose: onClose)
    }

    /// Makes a connection that connects as a workflow says, and begins to.
    ///
    /// - Parameters:
    ///   - workflow: says what to try; it is asked in turns of the loop, never inside this call.
    ///   - loop: the loop to run on; call this on its thread (or before it is started).
    ///   - onOpen: called once when the connection is open.
    ///   - onOpenError: called once if the connection cannot be opened; the error lists all failures.
    ///   - onClose: called once when the connection, having been open, is over.
    public convenience init(
        workflow: any ConnectionWorkflow, on loop: any IOLoop,
        onOpen: ((Connection) throws -> Void)? = nil, onOpenError: ((Connection, AMQPError) throws -> Void)? = nil,
        onClose: ((Connection, AMQPError) throws -> Void)? = nil
    ) {
        self.init(
            workflow: workflow, over: nil, on: loop, onOpen: onOpen, onOpenError: onOpenError, onClose: onClose)
    }

    /// Makes a connection over a stream that is connected already, and begins AMQP's handshake.
    ///
    /// There is one attempt; host and port of the parameters serve for messages only. The stream is taken as it is:
    /// whoever opened it has secured it.
    ///
    /// - Parameters:
    ///   - parameters: how to log in, and everything else.
    ///   - stream: the stream, not started yet, of the same loop; the connection's from now on.
    ///   - loop: the loop to run on; call this on its thread (or before it is started).
    ///   - onOpen: called once when the connection is open.
    ///   - onOpenError: called once if the connection cannot be opened.
    ///   - onClose: called once when the connection, having been open, is over.
    public convenience init(
        _ parameters: ConnectionParameters = ConnectionParameters(), over stream: any StreamTransport,
        on loop: any IOLoop,
        onOpen: ((Connection) throws -> Void)? = nil, onOpenError: ((Connection, AMQPError) throws -> Void)? = nil,
        onClose: ((Connection, AMQPError) throws -> Void)? = nil
    ) {
        self.init(
            workflow: RetryingWorkflow([parameters], attempts: 1), over: stream, on: loop, onOpen: onOpen,
            onOpenError: onOpenError, onClose: onClose)
    }

    /// Connects as a workflow says, and gives the connection only when it is open.
    ///
    /// - Parameters:
    ///   - workflow: says what to try; for example a ``RetryingWorkflow`` over several hosts.
    ///   - loop: the loop to run on; call this on its thread (or before it is started).
    ///   - completion: called exactly once, never inside this call: with an open connection, or with the reason why there
    ///     is none, ``AMQPError/Code/connectionOpenAborted`` after ``ConnectionCreation/abort()``.
    /// - Returns: what can be aborted until then.
    @discardableResult
    public static func create(
        _ workflow: any ConnectionWorkflow, on loop: any IOLoop,
        completion: @escaping (Result<Connection, AMQPError>) throws -> Void
    ) -> ConnectionCreation {
        ConnectionCreation(
            Connection(
                workflow: workflow, on: loop, onOpen: { try completion(.success($0)) },
                onOpenError: { try completion(.failure($1)) }))
    }
}
