internal import AMQPConnection
internal import AMQPProtocol

/// An open connection with one channel, without a broker: the handshake's answers are given in advance.
final class BenchSession {
    let transport = BenchTransport()
    let loop: BenchLoop
    let connection: Connection
    private(set) var channel: Channel?

    init() throws {
        loop = BenchLoop(transport)
        connection = Connection(on: loop)
        loop.endTurn()
        let capabilities: FieldTable = ["publisher_confirms": true, "basic.nack": true]
        try receive(
            .connectionStart(
                ConnectionStart(
                    versionMajor: 0, versionMinor: 9, serverProperties: ["capabilities": .table(capabilities)],
                    mechanisms: ByteSlice(utf8: "PLAIN"), locales: ByteSlice(utf8: "en_US"))), channel: 0)
        try receive(.connectionTune(ConnectionTune(channelMax: 10, frameMax: 131_072, heartbeat: 0)), channel: 0)
        try receive(.connectionOpenOK(ConnectionOpenOK()), channel: 0)
        connection.openChannel { [weak self] in self?.channel = try? $0.get() }
        try receive(.channelOpenOK(ChannelOpenOK()), channel: 1)
    }

    /// Lets one method arrive.
    func receive(_ method: Method, channel: UInt16) throws {
        var output = OutputBuffer()
        try output.append(method, channel: channel, frameMax: 131_072)
        receive(output)
    }

    /// Lets all that an output buffer holds arrive.
    func receive(_ output: consuming OutputBuffer) {
        loop.endTurn()
        var output = output
        output.takeAll { segment in segment.withUnsafeBytes { transport.receive($0) } }
        loop.endTurn()
    }
}

/// Deliveries as a broker sends them.
func encodedDeliveries(_ count: Int, bodySize: Int, consumerTag: String) throws -> [UInt8] {
    var output = OutputBuffer()
    let body = Array(repeating: UInt8(ascii: "x"), count: bodySize)
    for index in 0 ..< count {
        try body.withUnsafeBytes { bytes in
            try output.append(
                BasicDeliver(
                    consumerTag: consumerTag, deliveryTag: UInt64(index) + 1, redelivered: false,
                    exchange: "amq.topic", routingKey: "bench.message"),
                properties: .persistent, body: bytes, channel: 1, frameMax: 131_072)
        }
    }
    var encoded: [UInt8] = []
    output.takeAll { segment in segment.withUnsafeBytes { encoded.append(contentsOf: $0) } }
    return encoded
}
