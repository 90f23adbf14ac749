internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// A connection to a ``MemoryBroker`` on a virtual loop, with a log of its terminal events.
final class Rig {
    let loop = VirtualLoop()
    let pipe: MemoryPipe
    let broker: MemoryBroker
    let log = SessionLog()

    init(heartbeat: UInt16 = 0) {
        pipe = MemoryPipe(on: loop)
        broker = MemoryBroker(pipe.server)
        broker.tune.heartbeat = heartbeat
        loop.onConnect = { [pipe] _, _ in .stream(pipe.client) }
    }

    /// A connection that begins to connect.
    func connect(_ parameters: ConnectionParameters = ConnectionParameters()) -> Connection {
        let connection = log.call {
            Connection(
                parameters, on: loop, onOpen: { [log] _ in log.add("open") },
                onOpenError: { [log] _, error in log.add("open error: \(error.line)") },
                onClose: { [log] _, error in log.add("closed: \(error.line)") })
        }
        connection.onError { [log] _, error in log.add("error: \(error.code)") }
        return connection
    }

    /// A connection that is open.
    func open(_ parameters: ConnectionParameters = ConnectionParameters()) -> Connection {
        let connection = connect(parameters)
        loop.settle()
        #expect(connection.isOpen)
        return connection
    }

    /// A channel that is open.
    func openChannel(_ connection: Connection) throws -> Channel {
        var opened: Channel?
        connection.openChannel { opened = try? $0.get() }
        loop.settle()
        let channel = try #require(opened)
        channel.onClose { [log] channel, error in log.add("channel \(channel.number) closed: \(error.line)") }
        return channel
    }

    /// Lets the broker say something now.
    func brokerSends(_ act: (MemoryBroker) -> Void) {
        act(broker)
        broker.flush()
        loop.settle()
    }

    /// The names of the methods that the broker received since the last call.
    func takeReceived() -> [String] {
        defer { seen = broker.methods.count }
        return broker.methods[seen...].map { "\($0.method.id)" }
    }

    private var seen = 0
}

extension AMQPError {
    /// The code and the reply code.
    var line: String { replyCode.map { "\(code) \($0)" } ?? "\(code)" }
}
