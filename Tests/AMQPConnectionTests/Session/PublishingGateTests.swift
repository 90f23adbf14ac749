internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// Whoever has seen the publishing gate closed hears that it opens again.
@Suite struct PublishingGateTests {
    private static let narrow = ConnectionParameters(outputHighWaterMark: 1000, outputLowWaterMark: 100)

    @Test func aGateThatOpensBeforeAnybodyWasToldStillWakesWhoSawItClosed() throws {
        let rig = Rig()
        let connection = rig.open(Self.narrow)
        let channel = try rig.openChannel(connection)
        var told: [Bool] = []
        var seen: Bool?
        channel.onMayPublish { _, isOpen in told.append(isOpen) }
        rig.loop.callLater(.zero) {
            _ = try? channel.basicPublish(Array(repeating: 1, count: 2000), routingKey: "q")
            seen = channel.mayPublish
        }
        rig.loop.settle()
        #expect(seen == false)
        #expect(channel.mayPublish)
        #expect(told.last == true)
    }

    @Test func whoeverAskedWhileTheChannelWasOpeningHearsThatItIsOpen() throws {
        let rig = Rig()
        let connection = rig.open()
        let channel = try #require(connection.channel { _ in })
        var told: [Bool] = []
        channel.onMayPublish { _, isOpen in told.append(isOpen) }
        #expect(!channel.mayPublish)
        rig.loop.settle()
        #expect(channel.isOpen)
        #expect(told == [true])
        // Nobody waits for the broker any more, so that a pause holds.
        let pause = connection.pauseReading()
        let before = rig.pipe.toClient.deliveredByteCount
        rig.brokerSends { $0.send(.connectionBlocked(ConnectionBlocked(reason: "not read"))) }
        #expect(rig.pipe.toClient.deliveredByteCount == before)
        pause.end()
    }

    @Test func aChannelThatWasOpenedWhileTheConnectionWasBlockedHearsOfTheEnd() throws {
        let rig = Rig()
        let connection = rig.open()
        rig.brokerSends { $0.send(.connectionBlocked(ConnectionBlocked(reason: "low on memory"))) }
        let channel = try rig.openChannel(connection)
        var told: [Bool] = []
        channel.onMayPublish { _, isOpen in told.append(isOpen) }
        rig.loop.settle()
        #expect(told == [])
        rig.brokerSends { $0.send(.connectionUnblocked(ConnectionUnblocked())) }
        #expect(told == [true])
    }

    @Test func anyMultiplierOfTheBackpressureDetectionIsPossible() throws {
        let rig = Rig()
        let connection = rig.open(ConnectionParameters(backpressureDetection: true))
        let channel = try rig.openChannel(connection)
        var told: [Bool] = []
        connection.onBackpressure { _, isOn in told.append(isOn) }
        for multiplier in [Int.max, .min, 0] {
            connection.backpressureMultiplier = multiplier
            try channel.basicPublish([1], routingKey: "q")
        }
        rig.loop.settle()
        #expect(told.last != true)
        #expect(connection.isOpen)
    }
}
