internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// Callbacks that block the loop are reported, by name and duration.
@Suite struct StallTests {
    private func deliver(_ broker: MemoryBroker, to tag: String) {
        broker.deliver(
            BasicDeliver(consumerTag: tag, deliveryTag: 1, redelivered: false, exchange: "", routingKey: ""), body: [1])
    }

    @Test func aHandlerThatBlocksIsNamed() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        var stalls: [CallbackStall] = []
        channel.connection.onStall { stalls.append($1) }
        channel.basicConsume("q", consumerTag: "quick", autoAck: true, onMessage: { _, _ in })
        channel.basicConsume(
            "q", consumerTag: "slow", autoAck: true, onMessage: { _, _ in rig.loop.block(for: .seconds(3)) })
        rig.loop.settle()
        rig.brokerSends { deliver($0, to: "quick") }
        #expect(stalls.isEmpty)
        rig.brokerSends { deliver($0, to: "slow") }
        #expect(stalls.map(\.duration) == [.seconds(3)])
        #expect(stalls.map(\.callbacks) == [["the handler of consumer \"slow\" on channel 1"]])
        channel.connection.stallThreshold = .seconds(4)
        rig.brokerSends { deliver($0, to: "slow") }
        #expect(stalls.count == 1)
    }

    @Test func aCompletionThatBlocksIsNamed() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        var stalls: [String] = []
        channel.connection.onStall { stalls.append("\($1)") }
        channel.queueDeclare("a") { _ in rig.loop.block(for: .seconds(2)) }
        rig.loop.settle()
        #expect(stalls == ["a completion of queue.declare blocked the loop for 2.0 seconds"])
    }
}
