internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// Output to a peer that does not read: it has a limit, and its standstill is noticed.
@Suite struct OutputLimitTests {
    private func shut(_ rig: Rig) {
        rig.pipe.toServer.isStalled = true
        rig.pipe.toServer.capacity = 0
    }

    @Test func requestsBeyondTheLimitAreRefused() throws {
        let rig = Rig()
        let connection = rig.open(
            ConnectionParameters(outputLimit: 1000, outputHighWaterMark: 500, outputLowWaterMark: 100))
        let channel = try rig.openChannel(connection)
        shut(rig)
        var results: [String] = []
        for _ in 0 ..< 200 {
            channel.queueBind("queue", exchange: "exchange") { result in
                if case .failure(let error) = result { results.append("\(error.code)") }
            }
        }
        rig.loop.settle()
        #expect((150 ..< 200).contains(results.count))
        #expect(Set(results) == ["outputBufferFull"])
        #expect(connection.isOpen)
        #expect(connection.unsentByteCount + connection.snapshot.heldByteCount <= 1000)
    }

    @Test func acknowledgementsThatNobodyReadsEndTheConnection() throws {
        let rig = Rig()
        let connection = rig.open(
            ConnectionParameters(outputLimit: 1000, outputHighWaterMark: 500, outputLowWaterMark: 100))
        let channel = try rig.openChannel(connection)
        shut(rig)
        for tag in 1 ... 10_000 as ClosedRange<UInt64> where connection.isOpen {
            channel.basicAck(tag)
            if tag.isMultiple(of: 1000) { rig.loop.settle() }
        }
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "channel 1 closed: outputBufferFull", "closed: outputBufferFull"])
        #expect(connection.unsentByteCount == 0)
    }

    @Test func answersThatNobodyReadsEndTheConnection() throws {
        let rig = Rig()
        let connection = rig.open(
            ConnectionParameters(outputLimit: 1000, outputHighWaterMark: 500, outputLowWaterMark: 100))
        _ = try rig.openChannel(connection)
        shut(rig)
        for _ in 0 ..< 20 where connection.isOpen {
            rig.brokerSends { broker in
                for _ in 0 ..< 1000 { broker.send(.channelFlow(ChannelFlow(active: true)), channel: 1) }
            }
        }
        #expect(rig.log.lines == ["open", "channel 1 closed: outputBufferFull", "closed: outputBufferFull"])
    }

    @Test func anAcknowledgementAfterALimitThatPublishesReachedIsNoHarm() throws {
        let rig = Rig()
        let connection = rig.open(
            ConnectionParameters(outputLimit: 10_000, outputHighWaterMark: 500, outputLowWaterMark: 100))
        let channel = try rig.openChannel(connection)
        shut(rig)
        while thrown({ try channel.basicPublish("x", routingKey: "q") }) == nil {}
        for tag in 1 ... 1000 as ClosedRange<UInt64> { channel.basicAck(tag) }
        rig.loop.settle()
        #expect(connection.isOpen)
    }

    /// Lets the broker be heard every four seconds, until the connection ends or the time is over.
    private func beat(_ rig: Rig, _ connection: Connection, for seconds: Int) {
        for _ in 0 ..< seconds / 4 where connection.isOpen {
            rig.loop.advance(by: .seconds(4))
            rig.brokerSends { $0.sendHeartbeat() }
        }
    }

    @Test func aPeerThatBeatsButTakesNothingIsLostAfterTwoIntervals() throws {
        let rig = Rig(heartbeat: 10)
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        shut(rig)
        try channel.basicPublish("x", routingKey: "q")
        rig.loop.settle()
        beat(rig, connection, for: 16)
        #expect(connection.isOpen)
        beat(rig, connection, for: 8)
        #expect(rig.log.lines == ["open", "channel 1 closed: heartbeatTimeout", "closed: heartbeatTimeout"])
    }

    @Test func aPeerThatTakesALittleLivesOn() throws {
        let rig = Rig(heartbeat: 10)
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        shut(rig)
        try channel.basicPublish(Array(repeating: 1, count: 10_000), routingKey: "q")
        rig.loop.settle()
        for _ in 0 ..< 20 {
            beat(rig, connection, for: 16)
            rig.pipe.toServer.capacity += 1
        }
        #expect(connection.isOpen)
        #expect(connection.unsentByteCount > 9000)
        beat(rig, connection, for: 24)
        #expect(connection.isClosed)
    }

    @Test func aBrokerThatBlocksTheConnectionMayStopReading() throws {
        let rig = Rig(heartbeat: 10)
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        rig.brokerSends { $0.send(.connectionBlocked(ConnectionBlocked(reason: "low on memory"))) }
        shut(rig)
        try channel.basicPublish("x", routingKey: "q")
        rig.loop.settle()
        beat(rig, connection, for: 200)
        #expect(connection.isOpen)
        rig.brokerSends { $0.send(.connectionUnblocked(ConnectionUnblocked())) }
        beat(rig, connection, for: 16)
        #expect(connection.isOpen)
        beat(rig, connection, for: 8)
        #expect(rig.log.lines.last == "closed: heartbeatTimeout")
    }

    @Test func aLoopThatWasBlockedGivesThePeerMoreTime() throws {
        let rig = Rig(heartbeat: 10)
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        shut(rig)
        try channel.basicPublish("x", routingKey: "q")
        rig.loop.settle()
        rig.loop.callLater(.seconds(1)) { rig.loop.block(for: .seconds(100)) }
        rig.loop.advance(by: .seconds(2))
        rig.brokerSends { $0.sendHeartbeat() }
        beat(rig, connection, for: 12)
        #expect(connection.isOpen)
        beat(rig, connection, for: 16)
        #expect(connection.isClosed)
    }
}
