internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// Publishes that the broker does not confirm in time.
@Suite struct ConfirmTimeoutTests {
    private func channel(_ rig: Rig) throws -> Channel {
        let channel = try rig.openChannel(rig.open())
        channel.confirmSelect { _ in }
        rig.loop.settle()
        channel.confirmTimeout = .seconds(4)
        return channel
    }

    @Test func aPublishThatIsNotConfirmedInTimeIsLostAndTheChannelLivesOn() throws {
        let rig = Rig()
        let channel = try channel(rig)
        try rig.log.call { try channel.basicPublish("x", routingKey: "q", onOutcome: rig.log.outcome("x")) }
        rig.loop.advance(by: .milliseconds(3999))
        #expect(rig.log.lines == ["open"])
        rig.loop.advance(by: .milliseconds(1001))
        #expect(rig.log.lines == ["open", "x: lost deadlineExceeded"])
        #expect(channel.unconfirmedCount == 0)
        rig.brokerSends { $0.send(.basicAck(BasicAck(deliveryTag: 1, multiple: false)), channel: 1) }
        rig.broker.onPublish = { broker, publish in
            broker.send(.basicAck(BasicAck(deliveryTag: publish.number, multiple: true)), channel: 1)
        }
        try channel.basicPublish("y", routingKey: "q", onOutcome: rig.log.outcome("y"))
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "x: lost deadlineExceeded", "y: confirmed"])
        #expect(rig.log.insideCalls == [])
    }

    @Test func eachPublishHasItsOwnTime() throws {
        let rig = Rig()
        let channel = try channel(rig)
        var ends: [(name: Int, after: Duration)] = []
        var starts: [Int: LoopInstant] = [:]
        for name in 0 ..< 30 {
            starts[name] = rig.loop.now
            try channel.basicPublish("\(name)", routingKey: "q") { outcome in
                guard let start = starts[name], case .lost = outcome else { return }
                ends.append((name, start.duration(to: rig.loop.now)))
            }
            rig.loop.advance(by: .milliseconds(370))
        }
        rig.loop.advance(by: .seconds(10))
        #expect(ends.map(\.name) == Array(0 ..< 30))
        #expect(ends.allSatisfy { $0.after >= .seconds(4) && $0.after <= .seconds(5) }, "\(ends)")
    }

    @Test func confirmedPublishesAreNotTimed() throws {
        let rig = Rig()
        let channel = try channel(rig)
        rig.broker.onPublish = { broker, publish in
            broker.send(.basicAck(BasicAck(deliveryTag: publish.number, multiple: false)), channel: 1)
        }
        for name in ["a", "b"] {
            try channel.basicPublish(name, routingKey: "q", onOutcome: rig.log.outcome(name))
            rig.loop.advance(by: .seconds(10))
        }
        #expect(rig.log.lines == ["open", "a: confirmed", "b: confirmed"])
        channel.confirmTimeout = nil
        rig.broker.onPublish = { _, _ in }
        try channel.basicPublish("c", routingKey: "q", onOutcome: rig.log.outcome("c"))
        rig.loop.advance(by: .seconds(100))
        #expect(channel.unconfirmedCount == 1)
        channel.confirmTimeout = .seconds(1)
        rig.loop.advance(by: .seconds(2))
        #expect(rig.log.lines.last == "c: lost deadlineExceeded")
    }
}
