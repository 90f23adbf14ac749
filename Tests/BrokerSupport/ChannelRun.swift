public import AMQPConnection

/// One connection with one channel, run on a loop until a test is through with it.
///
/// It blocks while the loop runs: call it inside ``onOwnThread(_:)``.
public struct ChannelRun {
    /// The run did not end in time, or something ended it that the test did not expect.
    public struct Failed: Error, CustomStringConvertible {
        public let description: String
    }

    /// How to connect.
    public var parameters: ConnectionParameters
    /// The loop to run on, made on the calling thread; it is started and stopped here.
    public var loop: any IOLoop
    /// How long everything may take.
    public var limit: Duration

    public init(_ parameters: ConnectionParameters, on loop: any IOLoop, limit: Duration = .seconds(60)) {
        self.parameters = parameters
        self.loop = loop
        self.limit = limit
    }

    /// Opens a connection and a channel, runs `body` on the loop, and waits until it has called its second parameter.
    ///
    /// Then the connection is closed, and the loop runs until that is done. A connection or channel that ends before
    /// is a failure.
    public func run<Value>(_ body: (Channel, @escaping (Result<Value, any Error>) -> Void) -> Void) throws -> Value {
        var outcome: Result<Value, any Error>?
        withoutActuallyEscaping(body) { body in
            let connection = Connection(parameters, on: loop)
            func finish(_ result: Result<Value, any Error>) {
                if outcome == nil { outcome = result }
                if connection.isOpen { connection.close() } else if !connection.isClosing { loop.stop() }
            }
            connection.onOpen { connection in
                connection.openChannel { result in
                    switch result {
                    case .success(let channel):
                        channel.onClose { _, error in finish(.failure(error)) }
                        body(channel, finish)
                    case .failure(let error): finish(.failure(error))
                    }
                }
            }
            connection.onOpenError { _, error in finish(.failure(error)) }
            connection.onClose { _, error in
                finish(.failure(error))
                loop.stop()
            }
            let timer = loop.callLater(limit) {
                outcome = .failure(Failed(description: "not done within \(limit)"))
                loop.stop()
            }
            loop.start()
            timer.cancel()
        }
        guard let outcome else { throw Failed(description: "the loop ended before the test did") }
        return try outcome.get()
    }
}
