internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// Heartbeats both ways on the virtual clock (specification 4.2.7).
@Suite struct HeartbeatTests {
    @Test(arguments: [1, 2, 3, 10, 60, 600, 65535] as [UInt16])
    func aSilentBrokerIsGivenUpBetweenOneAndAHalfAndTwoIntervals(heartbeat: UInt16) {
        let rig = Rig(heartbeat: heartbeat)
        let connection = rig.open()
        let start = rig.loop.now
        #expect(rig.loop.run(until: { connection.isClosed }, limit: .seconds(1_000_000)))
        let silence = start.duration(to: rig.loop.now)
        #expect(silence >= .milliseconds(1500 * Int(heartbeat)))
        #expect(silence <= .seconds(2 * Int(heartbeat)))
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "closed: heartbeatTimeout"])
        #expect(rig.broker.end != nil, "the stream is cut")
    }

    @Test func anIdleConnectionSendsOneEveryHalfInterval() {
        let rig = Rig(heartbeat: 10)
        let connection = rig.open()
        for _ in 0 ..< 20 {
            rig.loop.advance(by: .seconds(5))
            rig.brokerSends { $0.sendHeartbeat() }
        }
        #expect(connection.isOpen)
        #expect((19 ... 20).contains(rig.broker.heartbeatCount))
    }

    @Test func otherOutputTakesTheirPlace() throws {
        let rig = Rig(heartbeat: 10)
        let channel = try rig.openChannel(rig.open())
        for _ in 0 ..< 50 {
            try channel.basicPublish("alive", routingKey: "q")
            rig.loop.advance(by: .seconds(4))
            rig.brokerSends { $0.sendHeartbeat() }
        }
        #expect(channel.isOpen)
        #expect(rig.broker.heartbeatCount == 0)
        rig.loop.advance(by: .seconds(5))
        #expect(rig.broker.heartbeatCount == 1)
    }

    @Test func theBrokersOtherTrafficCounts() {
        let rig = Rig(heartbeat: 10)
        let connection = rig.open()
        for round in 0 ..< 20 {
            rig.loop.advance(by: .seconds(14))
            rig.brokerSends {
                $0.send(round.isMultiple(of: 2) ? .connectionBlocked(.init(reason: "")) : .connectionUnblocked(.init()))
            }
        }
        #expect(connection.isOpen)
    }

    @Test func partOfAFrameCountsToo() {
        let rig = Rig(heartbeat: 10)
        let connection = rig.open()
        let bytes: [UInt8] = [8, 0, 0, 0, 0, 0, 0, 0xCE]
        for byte in bytes {
            rig.loop.advance(by: .seconds(14))
            rig.brokerSends { $0.send(raw: [byte]) }
        }
        #expect(connection.isOpen)
    }

    @Test func zeroTurnsThemOff() {
        for rig in [Rig(heartbeat: 0), Rig(heartbeat: 60)] {
            let connection = rig.open(ConnectionParameters(heartbeat: 0))
            rig.loop.advance(by: .seconds(86_400))
            #expect(connection.isOpen)
            #expect(rig.broker.heartbeatCount == 0)
        }
    }

    @Test func theyGoOnWhileTheHandshakeWaits() {
        let rig = Rig(heartbeat: 2)
        rig.broker.onMethod = { _, method, _ in method.id == .connectionOpen }
        let connection = rig.connect(ConnectionParameters(stackTimeout: .seconds(60)))
        #expect(rig.loop.run(until: { connection.isClosed }, limit: .seconds(60)))
        rig.loop.settle()
        #expect(rig.log.lines == ["open error: heartbeatTimeout"])
    }

    @Test func aBlockedLoopIsNotTakenForASilentBroker() {
        let rig = Rig(heartbeat: 10)
        let connection = rig.open()
        rig.loop.callLater(.seconds(1)) { rig.loop.block(for: .seconds(100)) }
        rig.loop.advance(by: .seconds(2))
        #expect(connection.isOpen, "the broker gets another interval")
        rig.brokerSends { $0.sendHeartbeat() }
        rig.loop.advance(by: .seconds(15))
        #expect(connection.isOpen)
        rig.loop.advance(by: .seconds(5))
        #expect(rig.log.lines == ["open", "closed: heartbeatTimeout"])
    }
}
