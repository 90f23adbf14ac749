internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// Deliveries with damaged bytes: one that comes whole takes the short way to its consumer, one that comes byte by byte
/// goes through the assembler, and both have to end alike.
@Suite struct DamagedDeliveriesTests {
    /// Three deliveries: with a body, empty, with a body of two frames.
    private static func deliveries() -> [UInt8] {
        var bytes = FrameBytes()
        for (tag, size) in [(1, 20), (2, 0), (3, 4100), (4, 1)] as [(UInt64, Int)] {
            bytes.content(
                BasicDeliver(consumerTag: "c", deliveryTag: tag, redelivered: false, exchange: "e", routingKey: "r"),
                properties: MessageProperties(contentType: "t"), body: Array(repeating: UInt8(tag), count: size))
        }
        return bytes.take()
    }

    /// What a session tells of bytes that come in pieces of a size.
    private static func lines(_ bytes: [UInt8], piece: Int) throws -> [String] {
        let rig = Rig()
        let connection = rig.open(ConnectionParameters(messageSizeLimit: 5000))
        let channel = try rig.openChannel(connection)
        channel.basicConsume("q", consumerTag: "c", autoAck: true) { _, delivery in
            let properties = try? delivery.properties
            let body = delivery.body.hashValue
            rig.log.add("\(delivery) \(body) \(properties.map { "\($0)" } ?? "malformed")")
        }
        rig.loop.settle()
        _ = rig.takeReceived()
        rig.pipe.toClient.delivery = .pieces(of: piece)
        rig.brokerSends { $0.send(raw: bytes) }
        let told = rig.log.lines + rig.takeReceived() + ["\(connection.framesReceived) frames"]
        connection.close(deadline: .seconds(1))
        rig.loop.run(until: { false }, limit: .seconds(60))
        return told
    }

    @Test func intactOnesAllArrive() throws {
        let lines = try Self.lines(Self.deliveries(), piece: .max)
        #expect(lines.filter { $0.hasPrefix("delivery ") }.count == 4)
        #expect(try Self.lines(Self.deliveries(), piece: 1) == lines)
    }

    /// A header frame whose properties are a table with one value of a type that there is none of.
    private static func unknownTag(_ bytes: inout FrameBytes) {
        bytes.method(
            .basicDeliver(
                BasicDeliver(consumerTag: "c", deliveryTag: 1, redelivered: false, exchange: "e", routingKey: "r")))
        let table: [UInt8] = [1, UInt8(ascii: "k"), UInt8(ascii: "z"), 0, 0]
        let payload: [UInt8] = [0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0x20, 0, 0, 0, 0, UInt8(table.count)] + table
        bytes.raw(type: 2, channel: 1, payload: payload)
        bytes.body([7])
    }

    @Test(arguments: [1, .max])
    func anUnknownTagFailsTheOneMessageThatHasIt(piece: Int) throws {
        var bytes = FrameBytes()
        Self.unknownTag(&bytes)
        bytes.content(
            BasicDeliver(consumerTag: "c", deliveryTag: 2, redelivered: false, exchange: "e", routingKey: "r"),
            properties: MessageProperties(headers: ["k": 1]), body: [8])
        let rig = Rig()
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        channel.basicConsume("q", consumerTag: "c", autoAck: true) { _, delivery in
            do throws(AMQPError) {
                rig.log.add("\(Array(delivery.body)) \(try delivery.properties.headers?["k"] ?? .void)")
            } catch {
                rig.log.add("\(Array(delivery.body)) \(error.code)")
            }
        }
        rig.loop.settle()
        rig.pipe.toClient.delivery = .pieces(of: piece)
        rig.brokerSends { $0.send(raw: bytes.take()) }
        #expect(rig.log.lines == ["open", "[7] protocolViolation", "[8] 1"])
        #expect(connection.isOpen && channel.isOpen)
    }

    @Test func damagedOnesEndAlikeOnBothWays() throws {
        let intact = Self.deliveries()
        // The body of the third is not interesting.
        let places = intact.indices.filter { $0 < 250 || $0 > intact.count - 130 }
        var random = SplitMix(seed: 77)
        var failed = 0
        for place in places {
            var damaged = intact
            damaged[place] = UInt8.random(in: 0 ... 255, using: &random)
            let whole = try Self.lines(damaged, piece: .max)
            #expect(try Self.lines(damaged, piece: 97) == whole, "byte \(place) is \(damaged[place])")
            if whole.contains(where: { $0.hasPrefix("closed: ") }) { failed += 1 }
        }
        #expect(failed > places.count / 4)
        print("damaged bytes: \(places.count), sessions that they end: \(failed)")
    }
}
