internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// A publisher sends what `basicPublish` sends, having encoded it once.
@Suite struct PublisherTests {
    private static let properties = MessageProperties(
        contentType: "text/plain", headers: ["x": 1, "t": ["a": true]], deliveryMode: .persistent, priority: 3,
        correlationID: "c", timestamp: 1_700_000_000)

    /// What leaves when `publish` runs on a channel.
    private func sent(confirmed: Bool = false, _ publish: (Rig, Channel) throws -> Void) throws -> [UInt8] {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        if confirmed { channel.confirmSelect(completion: { _ in }) }
        rig.loop.settle()
        let start = rig.pipe.toServer.transcript.count
        try rig.log.call { try publish(rig, channel) }
        rig.loop.settle()
        return Array(rig.pipe.toServer.transcript[start...])
    }

    @Test(arguments: [0, 1, 100, 4087, 4088, 4089, 16_383, 16_384, 50_000])
    func theBytesAreThoseOfBasicPublish(size: Int) throws {
        let body = ByteSlice((0 ..< size).map { UInt8(truncatingIfNeeded: $0) })
        for properties in [MessageProperties(), .persistent, Self.properties] {
            for mandatory in [false, true] {
                let single = try sent { _, channel in
                    for _ in 0 ..< 3 {
                        try channel.basicPublish(
                            body, exchange: "e", routingKey: "kéy", properties: properties, mandatory: mandatory)
                    }
                }
                let prepared = try sent { _, channel in
                    let publisher = try channel.publisher(
                        exchange: "e", routingKey: "kéy", properties: properties, mandatory: mandatory)
                    for _ in 0 ..< 3 { try publisher.publish(body) }
                }
                #expect(prepared == single)
                #expect(!prepared.isEmpty)
            }
        }
    }

    @Test func aMessageIsEncodedAsTheSpecificationSays() throws {
        let bytes = try sent { _, channel in
            try channel.publisher(exchange: "e", routingKey: "k", properties: .persistent).publish("hi")
        }
        let method: [UInt8] = [1, 0, 1, 0, 0, 0, 11, 0, 60, 0, 40, 0, 0, 1, 0x65, 1, 0x6B, 0, 0xCE]
        let header: [UInt8] = [2, 0, 1, 0, 0, 0, 15, 0, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0x10, 0, 2, 0xCE]
        let body: [UInt8] = [3, 0, 1, 0, 0, 0, 2, 0x68, 0x69, 0xCE]
        #expect(bytes == method + header + body)
    }

    @Test func publishersAndBasicPublishShareTheSequence() throws {
        var outcomes: [String] = []
        var sequences: [UInt64?] = []
        _ = try sent(confirmed: true) { rig, channel in
            rig.broker.onPublish = { broker, message in
                broker.send(
                    .basicAck(BasicAck(deliveryTag: message.number, multiple: false)), channel: message.channel)
            }
            let first = try channel.publisher(routingKey: "a")
            let second = try channel.publisher(routingKey: "b", mandatory: true)
            sequences.append(try first.publish([1]) { outcomes.append("1 \($0)") })
            sequences.append(try second.publish([2]) { outcomes.append("2 \($0)") })
            sequences.append(try channel.basicPublish([3], routingKey: "c") { outcomes.append("3 \($0)") })
            sequences.append(try first.publish([4]))
        }
        #expect(sequences == [1, 2, 3, 4])
        #expect(outcomes == ["1 confirmed", "2 confirmed", "3 confirmed"])
    }

    @Test func whatItCannotSendIsRefusedWhenItIsMade() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        let long = String(repeating: "k", count: 256)
        func refusal(_ make: () throws -> Publisher) -> AMQPError.Code? {
            do {
                _ = try make()
                return nil
            } catch {
                return (error as? AMQPError)?.code
            }
        }
        #expect(refusal { try channel.publisher(routingKey: long) } == .invalidArgument)
        #expect(refusal { try channel.publisher(exchange: long, routingKey: "k") } == .invalidArgument)
        let large = MessageProperties(headers: ["h": .text(String(repeating: "x", count: 5000))])
        #expect(refusal { try channel.publisher(routingKey: "k", properties: large) } == .invalidArgument)
        rig.loop.settle()
        #expect(rig.takeReceived().contains("basic.publish") == false)
        #expect(channel.isOpen)
    }

    @Test func onAClosedChannelItRefusesLikeBasicPublish() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        let publisher = try channel.publisher(routingKey: "k")
        #expect(throws: AMQPError.self) { try publisher.publish("x") { _ in } }
        channel.close()
        rig.loop.settle()
        do {
            try publisher.publish("x")
            Issue.record("published on a closed channel")
        } catch {
            #expect(error.code == .channelWrongState)
        }
    }
}
