internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// The state of a connection as one value.
@Suite struct SnapshotTests {
    @Test func itTellsWhatIsPendingOnEachChannel() throws {
        let rig = Rig(heartbeat: 10)
        let connection = rig.open(ConnectionParameters(connectionName: "mine"))
        let channel = try rig.openChannel(connection)
        channel.basicConsume("q", consumerTag: "c", onMessage: { _, _ in })
        channel.basicConsume("q", consumerTag: "auto", autoAck: true, onMessage: { _, _ in })
        channel.confirmSelect { _ in }
        rig.loop.settle()
        for tag in 1 ... 3 as ClosedRange<UInt64> {
            rig.brokerSends { broker in
                broker.deliver(
                    BasicDeliver(
                        consumerTag: tag == 3 ? "auto" : "c", deliveryTag: tag, redelivered: false, exchange: "",
                        routingKey: ""), body: [1])
            }
        }
        rig.broker.onMethod = { _, method, _ in method.id == .queueDeclare }
        channel.queueDeclare("q") { _ in }
        rig.loop.advance(by: .seconds(2))
        channel.queueBind("q", exchange: "e") { _ in }
        try channel.basicPublish("x", routingKey: "q")
        rig.loop.advance(by: .seconds(1))
        let snapshot = connection.snapshot
        #expect(snapshot.state == .open)
        #expect(snapshot.tuned?.heartbeat == 10)
        #expect(snapshot.bytesSent == connection.bytesSent && snapshot.framesReceived == connection.framesReceived)
        #expect(snapshot.sinceReceived == .seconds(3))
        #expect(snapshot.sinceSent == .seconds(1))
        #expect(snapshot.deadlines.map(\.name) == ["heartbeatSend", "heartbeatReceive"])
        #expect(snapshot.heldByteCount > 0)
        let state = try #require(snapshot.channels.first)
        #expect(snapshot.channels.count == 1)
        #expect(state.pendingRequests.map(\.method) == [.queueDeclare, .queueBind])
        #expect(state.pendingRequests.map(\.isSent) == [true, false])
        #expect(state.pendingRequests.map(\.age) == [.seconds(3), .seconds(1)])
        #expect(state.consumers.map(\.tag) == ["auto", "c"])
        #expect(state.consumers.map(\.isAutoAck) == [true, false])
        #expect(state.unackedCount == 2)
        #expect(state.unconfirmedCount == 1)
        #expect(state.isConfirming && state.mayPublish && state.isFlowActive)
        for word in ["channel 1 (open): 2 unacked, 1 unconfirmed", "queue.declare unanswered", "consumer \"c\""] {
            #expect(snapshot.description.contains(word), "\(snapshot)")
        }
        #expect(!snapshot.description.contains("guest"))
    }

    @Test func unackedMessagesAreCountedWhateverAnswersThem() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        channel.basicConsume("q", consumerTag: "c", onMessage: { _, _ in })
        rig.loop.settle()
        for tag in 1 ... 10 as ClosedRange<UInt64> {
            rig.brokerSends { broker in
                broker.deliver(
                    BasicDeliver(consumerTag: "c", deliveryTag: tag, redelivered: false, exchange: "", routingKey: ""),
                    body: [1])
            }
        }
        #expect(channel.unackedCount == 10)
        channel.basicAck(3)
        channel.basicAck(3)
        #expect(channel.unackedCount == 9)
        channel.basicNack(5, multiple: true)
        #expect(channel.unackedCount == 5)
        channel.basicReject(6)
        #expect(channel.unackedCount == 4)
        channel.basicRecoverAsync()
        #expect(channel.unackedCount == 0)
    }

    @Test func itCanBeTakenInEveryState() throws {
        let rig = Rig()
        let connection = rig.connect()
        #expect(connection.snapshot.state == .connecting)
        rig.loop.settle()
        let channel = try rig.openChannel(connection)
        connection.close()
        #expect(connection.snapshot.state == .closing)
        #expect(channel.snapshot.state == "closing")
        rig.loop.settle()
        #expect(connection.snapshot.state == .closed)
        #expect(connection.snapshot.channels.isEmpty)
        #expect(channel.snapshot.state == "closed")
    }

    @Test func framesOfBothDirectionsAreRememberedByTheirHeads() throws {
        let rig = Rig()
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        try channel.basicPublish("secret", routingKey: "q")
        rig.loop.settle()
        let frames = connection.snapshot.recentFrames.map {
            "\($0.direction) \($0.head.method?.description ?? "content")"
        }
        #expect(
            frames == [
                "received connection.start", "sent connection.start-ok", "received connection.tune",
                "sent connection.tune-ok", "sent connection.open", "received connection.open-ok", "sent channel.open",
                "received channel.open-ok", "sent basic.publish", "sent content", "sent content",
            ])
        for _ in 0 ..< 100 {
            channel.basicQos(prefetchCount: 1)
            rig.loop.settle()
        }
        #expect(connection.snapshot.recentFrames.count == 32)
        #expect(connection.snapshot.recentFrames.last?.head.method == .basicQosOK)
    }

    @Test func aBreachOfTheProtocolCarriesTheFramesBeforeIt() throws {
        let rig = Rig()
        let connection = rig.open()
        _ = try rig.openChannel(connection)
        var end: AMQPError?
        connection.onClose { end = $1 }
        rig.brokerSends { broker in
            broker.sendHeartbeat()
            for _ in 0 ..< 20 { broker.send(.basicAck(BasicAck(deliveryTag: 1, multiple: false)), channel: 1) }
            broker.send(.basicQosOK(BasicQosOK()), channel: 1)
            broker.send(.txCommitOK(TxCommitOK()), channel: 1)
        }
        let error = try #require(end)
        #expect(error.code == .protocolViolation)
        let received = error.recentFrames.filter { $0.direction == .received }
        #expect(received.last?.head.method == .basicQosOK)
        #expect(received.last?.head.channel == 1)
        #expect(error.recentFrames.contains { $0.direction == .sent && $0.head.method == .channelOpen })
        #expect(error.debugDescription.contains("received basic.qos-ok on channel 1, 4 bytes"))
    }

    @Test func aFrameThatCannotBeReadIsTheLastOne() throws {
        let rig = Rig()
        let connection = rig.open()
        var end: AMQPError?
        connection.onClose { end = $1 }
        rig.brokerSends { $0.send(raw: [1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 61, 0xFF]) }
        #expect(
            end?.recentFrames.last?.head
                == FrameHead(
                    type: .method, channel: 0, size: 4, method: .connectionUnblocked))
    }
}
