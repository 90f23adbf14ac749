internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// When publishers are told to hold back, and to go on.
@Suite struct GateTransitionTests {
    private static let parameters = ConnectionParameters(outputHighWaterMark: 10_000, outputLowWaterMark: 4000)

    /// A channel whose gate writes into the log.
    private func watchedChannel(_ rig: Rig, _ connection: Connection) throws -> Channel {
        let channel = try rig.openChannel(connection)
        channel.onMayPublish { rig.log.add("\($0.number): \($1)") }
        return channel
    }

    /// Publishes until at least `count` bytes wait.
    private func publish(_ rig: Rig, _ channel: Channel, untilWaiting count: Int) throws {
        try rig.log.call {
            while channel.connection.unsentByteCount < count {
                try channel.basicPublish(String(repeating: "x", count: 100), routingKey: "k")
            }
        }
    }

    /// Lets bytes leave until at most `count` wait.
    private func drain(_ rig: Rig, _ connection: Connection, toWaiting count: Int) {
        rig.pipe.toServer.capacity = rig.pipe.toServer.waitingByteCount + connection.unsentByteCount - count
        rig.loop.settle()
    }

    /// Lets nothing leave any more.
    private func shut(_ rig: Rig) {
        rig.pipe.toServer.isStalled = true
        rig.pipe.toServer.capacity = 0
    }

    @Test func theWaterMarksCloseAndOpenItWithRoomBetween() throws {
        let rig = Rig()
        let connection = rig.open(Self.parameters)
        let channel = try watchedChannel(rig, connection)
        shut(rig)
        try publish(rig, channel, untilWaiting: 9000)
        rig.loop.settle()
        #expect(channel.mayPublish && rig.log.lines == ["open"])
        try publish(rig, channel, untilWaiting: 10_001)
        #expect(!channel.mayPublish && rig.log.lines == ["open"])
        try publish(rig, channel, untilWaiting: 15_000)
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "1: false"])
        drain(rig, connection, toWaiting: 4001)
        #expect(!channel.mayPublish && rig.log.lines == ["open", "1: false"])
        drain(rig, connection, toWaiting: 4000)
        #expect(channel.mayPublish && rig.log.lines == ["open", "1: false", "1: true"])
        try publish(rig, channel, untilWaiting: 9000)
        rig.loop.settle()
        #expect(channel.mayPublish && rig.log.lines.count == 3)
        #expect(rig.log.insideCalls == [])
    }

    @Test func whatChangesBackBeforeItWasToldIsNotTold() throws {
        let rig = Rig()
        let connection = rig.open(Self.parameters)
        let channel = try watchedChannel(rig, connection)
        rig.brokerSends { broker in
            broker.send(.connectionBlocked(ConnectionBlocked(reason: "")))
            broker.send(.connectionUnblocked(ConnectionUnblocked()))
        }
        channel.unconfirmedLimit = 0
        channel.unconfirmedLimit = nil
        rig.loop.settle()
        #expect(rig.log.lines == ["open"])
    }

    @Test func aBlockedConnectionClosesTheGatesOfAllChannels() throws {
        let rig = Rig()
        let connection = rig.open()
        let first = try watchedChannel(rig, connection)
        let second = try watchedChannel(rig, connection)
        rig.brokerSends { $0.send(.connectionBlocked(ConnectionBlocked(reason: "memory"))) }
        #expect(!first.mayPublish && !second.mayPublish)
        rig.brokerSends { $0.send(.connectionBlocked(ConnectionBlocked(reason: "disk"))) }
        rig.brokerSends { $0.send(.connectionUnblocked(ConnectionUnblocked())) }
        #expect(first.mayPublish && second.mayPublish)
        #expect(rig.log.lines == ["open", "1: false", "2: false", "1: true", "2: true"])
    }

    @Test func aChangeWhileAChannelOpensIsNotTakenForItsOwn() throws {
        let rig = Rig()
        let connection = rig.open()
        rig.broker.onMethod = { _, method, _ in method.id == .channelOpen }
        var opened: Channel?
        connection.openChannel { opened = try? $0.get() }
        rig.loop.settle()
        rig.brokerSends { $0.send(.connectionBlocked(ConnectionBlocked(reason: "memory"))) }
        rig.brokerSends { $0.send(.connectionUnblocked(ConnectionUnblocked())) }
        rig.brokerSends { $0.send(.channelOpenOK(ChannelOpenOK()), channel: 1) }
        let channel = try #require(opened)
        channel.onMayPublish { rig.log.add("\($1)") }
        #expect(channel.mayPublish)
        rig.brokerSends { $0.send(.connectionBlocked(ConnectionBlocked(reason: "memory"))) }
        #expect(rig.log.lines == ["open", "false"])
    }

    @Test func aStoppedFlowClosesTheGateOfItsChannel() throws {
        let rig = Rig()
        let connection = rig.open()
        let channel = try watchedChannel(rig, connection)
        let other = try watchedChannel(rig, connection)
        channel.onFlow { rig.log.add("flow \($1)") }
        _ = rig.takeReceived()
        rig.brokerSends { $0.send(.channelFlow(ChannelFlow(active: false)), channel: 1) }
        #expect(!channel.isFlowActive && !channel.mayPublish && other.mayPublish)
        rig.brokerSends { $0.send(.channelFlow(ChannelFlow(active: true)), channel: 1) }
        #expect(rig.log.lines == ["open", "flow false", "1: false", "flow true", "1: true"])
        #expect(rig.takeReceived() == ["channel.flow-ok", "channel.flow-ok"])
    }

    @Test func theLimitOfUnconfirmedPublishesClosesTheGateUntilOneIsConfirmed() throws {
        let rig = Rig()
        let channel = try watchedChannel(rig, rig.open())
        channel.confirmSelect { _ in }
        channel.unconfirmedLimit = 2
        rig.loop.settle()
        try rig.log.call {
            for _ in 1 ... 3 { try channel.basicPublish("x", routingKey: "k") }
        }
        #expect(!channel.mayPublish && rig.log.lines == ["open"])
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "1: false"])
        rig.brokerSends { $0.send(.basicAck(BasicAck(deliveryTag: 1, multiple: false)), channel: 1) }
        #expect(!channel.mayPublish && rig.log.lines.count == 2)
        rig.brokerSends { $0.send(.basicAck(BasicAck(deliveryTag: 2, multiple: false)), channel: 1) }
        #expect(channel.mayPublish && channel.unconfirmedCount == 1)
        #expect(rig.log.lines == ["open", "1: false", "1: true"])
        rig.log.call { channel.unconfirmedLimit = 1 }
        rig.loop.settle()
        rig.log.call { channel.unconfirmedLimit = nil }
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "1: false", "1: true", "1: false", "1: true"])
        #expect(rig.log.insideCalls == [])
    }

    @Test func aListenerThatPublishesUpToTheLimitIsToldOfEachRound() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        channel.confirmSelect { _ in }
        channel.unconfirmedLimit = 10
        rig.loop.settle()
        rig.broker.onPublish = { broker, published in
            broker.send(.basicAck(BasicAck(deliveryTag: published.number, multiple: false)), channel: 1)
        }
        var published = 0
        func fill() throws {
            while channel.mayPublish, published < 1000 {
                try channel.basicPublish("x", routingKey: "k")
                published += 1
            }
        }
        channel.onMayPublish { _, isOpen in if isOpen { #expect(throws: Never.self) { try fill() } } }
        try fill()
        rig.loop.run(until: { false })
        #expect(published == 1000 && channel.unconfirmedCount == 0)
    }

    @Test func theEndOfTheChannelIsNotToldByTheGate() throws {
        let rig = Rig()
        let channel = try watchedChannel(rig, rig.open())
        rig.log.call {
            channel.close()
            channel.unconfirmedLimit = 0
        }
        #expect(!channel.mayPublish)
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open", "channel 1 closed: channelClosedByClient 200"])
    }

    @Test func aPublishThroughAClosedGateIsNotRefused() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        rig.brokerSends { $0.send(.connectionBlocked(ConnectionBlocked(reason: "memory"))) }
        try channel.basicPublish("x", routingKey: "k")
        rig.loop.settle()
        #expect(rig.takeReceived().last == "basic.publish")
    }
}
