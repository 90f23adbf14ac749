#if NIO
internal import AMQPNIO
internal import AdapterKit
internal import NIOCore
internal import NIOEmbedded
internal import Testing

/// A connection in an embedded channel, against a broker that follows a script; nothing happens but in ``run()``.
final class EmbeddedSession {
    let channel = EmbeddedChannel()
    let handler: AMQPConnectionHandler
    let record = BrokerRecord()
    private(set) var broker: ScriptedBroker!
    private var fromBroker: [UInt8] = []
    private var isEnding = false
    /// What the connection has sent, as it was flushed.
    private(set) var writes: [ByteBuffer] = []

    /// A script in which the test itself answers publishes.
    static let answersByHand = BrokerScript { broker, received in
        guard case .confirmSelect = received.method else { return false }
        broker.send(.confirmSelectOK(ConfirmSelectOK()), channel: received.channel)
        return true
    }

    init(_ parameters: ConnectionParameters = ConnectionParameters(), _ script: BrokerScript = BrokerScript()) throws {
        handler = AMQPConnectionHandler(parameters, on: channel.eventLoop)
        broker = ScriptedBroker(
            script, record: record, write: { [unowned self] in fromBroker += $0 },
            finish: { [unowned self] _ in isEnding = true })
        try channel.pipeline.syncOperations.addHandler(handler)
        channel.connect(to: try NIOCore.SocketAddress(ipAddress: "127.0.0.1", port: 5672), promise: nil)
    }

    deinit {
        // Whatever the test left open ends, so that no promise is dropped.
        channel.close(promise: nil)
        channel.embeddedEventLoop.run()
    }

    var eventLoop: EmbeddedEventLoop { channel.embeddedEventLoop }

    /// Lets both sides talk until neither has anything to say.
    func run() throws {
        var isQuiet = false
        while !isQuiet {
            isQuiet = true
            eventLoop.run()
            while let bytes = try channel.readOutbound(as: ByteBuffer.self) {
                writes.append(bytes)
                bytes.withUnsafeReadableBytes { broker.receive($0) }
                isQuiet = false
            }
            if !fromBroker.isEmpty, channel.isActive {
                let bytes = ByteBuffer(bytes: fromBroker)
                fromBroker = []
                try channel.writeInbound(bytes)
                isQuiet = false
            }
            if isEnding, channel.isActive {
                channel.close(promise: nil)
                isQuiet = false
            }
        }
    }

    /// The stream breaks.
    func lose() throws {
        channel.pipeline.fireErrorCaught(IOError(errnoCode: 104, reason: "read"))
        try run()
    }

    /// The result of a future that must be complete when nobody has anything to say any more.
    func result<Value: Sendable>(_ future: EventLoopFuture<Value>) throws -> Result<Value, any Error> {
        try run()
        return try #require(future.resultNow)
    }

    /// The value of a future that must have one.
    func value<Value: Sendable>(_ future: EventLoopFuture<Value>) throws -> Value {
        try result(future).get()
    }

    /// The error of a future that must have failed with one of the library's.
    func error<Value: Sendable>(_ future: EventLoopFuture<Value>) throws -> AMQPError {
        guard case .failure(let error) = try result(future) else { throw Unexpected("a value") }
        return try #require(error as? AMQPError)
    }

    /// A channel of the connection.
    func openChannel() throws -> FutureChannel { try value(handler.channel()) }

    /// The names of the methods that the broker got since it had `count`.
    func methods(after count: Int) -> [String] { Array(record.methodNames.dropFirst(count)) }
}

struct Unexpected: Error {
    let what: String

    init(_ what: String) { self.what = what }
}

extension EventLoopFuture where Value: Sendable {
    /// The result, if there is one; on the event loop only.
    var resultNow: Result<Value, any Error>? {
        var result: Result<Value, any Error>?
        assumeIsolated().whenComplete { result = $0 }
        return result
    }
}
#endif
