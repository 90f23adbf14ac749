internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// A message that comes back is tied to its publish.
@Suite struct ReturnTests {
    /// Two mandatory publishes that differ in their properties only; the second comes back, and is confirmed first.
    private func outcomes(
        _ first: MessageProperties, _ second: MessageProperties, returned: MessageProperties
    ) throws -> [String] {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        channel.confirmSelect { _ in }
        rig.loop.settle()
        try rig.log.call {
            try channel.basicPublish(
                "x", exchange: "e", routingKey: "k", properties: first, mandatory: true,
                onOutcome: rig.log.outcome("first"))
            try channel.publisher(exchange: "e", routingKey: "k", properties: second, mandatory: true)
                .publish("x", onOutcome: rig.log.outcome("second"))
        }
        rig.loop.settle()
        rig.brokerSends { broker in
            broker.deliver(
                BasicReturn(replyCode: 312, replyText: "NO_ROUTE", exchange: "e", routingKey: "k"),
                properties: returned, body: ByteSlice(utf8: "x"))
            broker.send(.basicAck(BasicAck(deliveryTag: 2, multiple: false)), channel: 1)
            broker.send(.basicAck(BasicAck(deliveryTag: 1, multiple: false)), channel: 1)
        }
        return Array(rig.log.lines.dropFirst())
    }

    @Test func propertiesTellEqualBodiesApart() throws {
        let (first, second) = (MessageProperties(headers: ["h": 1]), MessageProperties(headers: ["h": 2]))
        #expect(try outcomes(first, second, returned: second) == ["second: returned k", "first: confirmed"])
        #expect(try outcomes(first, second, returned: first) == ["second: confirmed", "first: returned k"])
    }

    @Test func aHeaderThatTheBrokerTakesOutTellsNothing() throws {
        let first = MessageProperties(headers: ["BCC": ["a"], "h": 1])
        let second = MessageProperties(headers: ["h": 2, "BCC": ["b"]])
        let stripped = MessageProperties(headers: ["h": 2])
        #expect(try outcomes(first, second, returned: stripped) == ["second: returned k", "first: confirmed"])
    }

    @Test func aReturnWhosePropertiesTheBrokerChangedBelongsToTheOldestThatIsEqualOtherwise() throws {
        let (first, second) = (MessageProperties(headers: ["h": 1]), MessageProperties(headers: ["h": 2]))
        let changed = MessageProperties(headers: [:], userID: "guest")
        #expect(try outcomes(first, second, returned: changed) == ["second: confirmed", "first: returned k"])
    }
}
