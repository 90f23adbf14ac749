internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// How connections and channels end: by either side, crossing, too late, or because of a violation.
@Suite struct ClosingTests {
    static let deliver = BasicDeliver(
        consumerTag: "c", deliveryTag: 1, redelivered: false, exchange: "", routingKey: "")

    @Test func whatWasAskedBeforeIsAnsweredFirst() throws {
        let rig = Rig()
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        _ = rig.takeReceived()
        rig.log.call {
            channel.queueDeclare("a", completion: rig.log.completion("a"))
            channel.queueDeclare("b", completion: rig.log.completion("b"))
            connection.close(completion: rig.log.completion("close"))
            channel.queueDeclare("c", completion: rig.log.completion("c"))
        }
        rig.loop.run(until: { false })
        #expect(
            rig.log.lines == [
                "open", "c: channelWrongState 0", "a: ok", "b: ok", "channel 1 closed: channelClosedByClient 200",
                "closed: connectionClosedByClient 200", "close: ok",
            ])
        #expect(
            rig.takeReceived() == ["queue.declare", "queue.declare", "channel.close", "connection.close"])
    }

    @Test(arguments: ["channel.close", "connection.close", "queue.declare"])
    func theDeadlineCutsACloseThatIsNotConfirmed(silent: String) throws {
        let rig = Rig()
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        rig.broker.onMethod = { _, method, _ in "\(method.id)" == silent }
        let start = rig.loop.now
        rig.log.call {
            channel.queueDeclare("a", completion: rig.log.completion("a"))
            connection.close(deadline: .seconds(7), completion: rig.log.completion("close"))
        }
        #expect(rig.loop.run(until: { connection.isClosed }, limit: .seconds(100)))
        #expect(start.duration(to: rig.loop.now) == .seconds(7))
        rig.loop.run(until: { false })
        #expect(Array(rig.log.lines.suffix(2)) == ["closed: deadlineExceeded", "close: deadlineExceeded 0"])
        #expect(rig.log.lost == [] && rig.log.doubled == [])
        #expect(rig.broker.end != nil)
    }

    @Test func withoutADeadlineItWaits() {
        let rig = Rig()
        let connection = rig.open()
        rig.broker.onMethod = { _, method, _ in method.id == .connectionClose }
        connection.close(deadline: nil)
        rig.loop.advance(by: .seconds(86_400))
        #expect(connection.isClosing)
        rig.brokerSends { $0.send(.connectionCloseOK(ConnectionCloseOK())) }
        #expect(rig.log.lines == ["open", "closed: connectionClosedByClient 200"])
    }

    @Test func theBrokersCloseIsAnsweredAndNothingComesBehindIt() throws {
        let rig = Rig()
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        channel.basicConsume("q", consumerTag: "c", onMessage: { _, _ in rig.log.add("delivery") })
        channel.basicGet("q", completion: rig.log.completion("get"))
        rig.broker.onMethod = { _, method, _ in method.id == .basicGet }
        rig.loop.settle()
        _ = rig.takeReceived()
        rig.brokerSends { broker in
            broker.deliver(Self.deliver, body: [1])
            broker.send(.connectionClose(ConnectionClose(replyCode: 320, replyText: "shutdown")))
            broker.deliver(Self.deliver, body: [1])
            broker.send(.channelClose(ChannelClose(replyCode: 404, replyText: "")), channel: 1)
            broker.send(.connectionBlocked(ConnectionBlocked(reason: "")))
            broker.send(raw: [0xFF, 0xFF])
        }
        rig.loop.run(until: { false })
        #expect(
            rig.log.lines == [
                "open", "delivery", "get: connectionClosedByBroker 320",
                "channel 1 closed: connectionClosedByBroker 320",
                "closed: connectionClosedByBroker 320",
            ])
        #expect(rig.takeReceived() == ["connection.close-ok"])
    }

    @Test func closesOfTheConnectionThatCross() {
        let rig = Rig()
        let connection = rig.open()
        _ = rig.takeReceived()
        rig.broker.onMethod = { broker, method, _ in
            guard method.id == .connectionClose else { return false }
            broker.send(.connectionClose(ConnectionClose(replyCode: 320, replyText: "shutdown")))
            broker.send(.connectionCloseOK(ConnectionCloseOK()))
            return true
        }
        rig.log.call { connection.close(completion: rig.log.completion("close")) }
        rig.loop.run(until: { false })
        #expect(
            rig.log.lines == [
                "open", "closed: connectionClosedByBroker 320", "close: connectionClosedByBroker 320",
            ])
        #expect(rig.takeReceived() == ["connection.close", "connection.close-ok"])
    }

    @Test func closesOfAChannelThatCross() throws {
        let rig = Rig()
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        _ = rig.takeReceived()
        rig.broker.onMethod = { broker, method, number in
            guard method.id == .channelClose else { return false }
            broker.send(.channelClose(ChannelClose(replyCode: 406, replyText: "")), channel: number)
            return true
        }
        rig.log.call { channel.close(completion: rig.log.completion("close")) }
        rig.loop.settle()
        #expect(
            rig.log.lines == [
                "open", "channel 1 closed: channelClosedByBroker 406", "close: channelClosedByBroker 406",
            ])
        #expect(rig.takeReceived() == ["channel.close", "channel.close-ok"])
        connection.openChannel(number: 1, completion: rig.log.completion("too early"))
        rig.loop.settle()
        #expect(rig.log.lines.last == "too early: channelNumberInUse 0")
        rig.brokerSends { $0.send(.channelCloseOK(ChannelCloseOK()), channel: 1) }
        connection.openChannel(number: 1, completion: rig.log.completion("now"))
        rig.loop.settle()
        #expect(rig.log.lines.last == "now: ok")
    }

    @Test func aChannelErrorEndsOneChannelAndFreesItsNumber() throws {
        let rig = Rig()
        let connection = rig.open()
        let first = try rig.openChannel(connection)
        let second = try rig.openChannel(connection)
        rig.broker.onMethod = { _, method, _ in method.id == .queueDeclare }
        rig.log.call {
            first.queueDeclare("a", completion: rig.log.completion("a"))
            first.queueDeclare("b", completion: rig.log.completion("b"))
            first.confirmSelect()
        }
        rig.loop.settle()
        rig.brokerSends { broker in
            broker.send(
                .channelClose(ChannelClose(replyCode: 404, replyText: "NOT_FOUND", classID: 50, methodID: 10)),
                channel: 1)
        }
        #expect(
            rig.log.lines == [
                "open", "a: channelClosedByBroker 404", "b: channelClosedByBroker 404",
                "channel 1 closed: channelClosedByBroker 404",
            ])
        #expect(second.isOpen)
        #expect(first.isClosed)
        #expect(try rig.openChannel(connection).number == 1)
    }

    @Test func deliveriesThatComeWhileAChannelClosesAreDropped() throws {
        let rig = Rig()
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        channel.basicConsume("q", consumerTag: "c", onMessage: { _, _ in rig.log.add("delivery") })
        rig.loop.settle()
        channel.close(completion: rig.log.completion("close"))
        rig.brokerSends { $0.deliver(Self.deliver, body: [1, 2, 3]) }
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "channel 1 closed: channelClosedByClient 200", "close: ok"])
    }

    /// What the broker must not send, and what it is told.
    @Test(
        arguments: [
            (Method.queueDeclareOK(QueueDeclareOK(queue: "", messageCount: 0, consumerCount: 0)), 1, 503),
            (.channelCloseOK(ChannelCloseOK()), 1, 503), (.channelOpenOK(ChannelOpenOK()), 1, 503),
            (.basicGetEmpty(BasicGetEmpty()), 1, 503), (.basicPublish(BasicPublish()), 1, 503),
            (.basicConsume(BasicConsume()), 1, 503), (.channelOpenOK(ChannelOpenOK()), 2, 504),
            (.basicDeliver(Self.deliver), 2047, 504), (.basicAck(BasicAck(deliveryTag: 1)), 65535, 504),
            (.connectionTune(ConnectionTune(channelMax: 0, frameMax: 0, heartbeat: 0)), 0, 503),
            (.connectionCloseOK(ConnectionCloseOK()), 0, 503), (.channelOpenOK(ChannelOpenOK()), 0, 503),
            (.connectionBlocked(ConnectionBlocked(reason: "")), 1, 503),
        ] as [(Method, UInt16, UInt16)])
    func aViolationEndsTheConnectionAndTheBrokerIsToldWhy(method: Method, channel: UInt16, code: UInt16) throws {
        let rig = Rig()
        let connection = rig.open()
        let open = try rig.openChannel(connection)
        rig.broker.onMethod = { _, method, _ in method.id == .basicQos }
        open.basicQos(prefetchCount: 1, completion: rig.log.completion("qos"))
        rig.loop.settle()
        _ = rig.takeReceived()
        rig.brokerSends { $0.send(method, channel: channel) }
        rig.loop.run(until: { false })
        #expect(
            rig.log.lines == [
                "open", "qos: protocolViolation \(code)", "channel 1 closed: protocolViolation \(code)",
                "closed: protocolViolation \(code)",
            ])
        #expect(rig.takeReceived() == ["connection.close"])
        #expect(rig.broker.end != nil)
    }

    @Test func contentOutOfOrderEndsTheConnection() throws {
        for isHeader in [true, false] {
            let rig = Rig()
            _ = try rig.openChannel(rig.open())
            var bytes = FrameBytes()
            if isHeader { bytes.header(bodySize: 1) } else { bytes.body([1]) }
            rig.brokerSends { $0.send(raw: bytes.take()) }
            rig.loop.run(until: { false })
            #expect(rig.log.lines.last == "closed: protocolViolation 505")
        }
    }

    @Test func whenTheFirstChannelHearsOfTheEndNoOtherOneIsOpen() throws {
        let rig = Rig()
        let connection = rig.open()
        let channels = [try rig.openChannel(connection), try rig.openChannel(connection)]
        var refused = 0
        for (channel, other) in zip(channels, channels.reversed()) {
            channel.onClose { _, _ in
                #expect(!other.isOpen)
                #expect {
                    try other.basicPublish([1], routingKey: "q")
                } throws: { error in
                    refused += 1
                    return (error as? AMQPError)?.code == .channelWrongState
                }
            }
        }
        rig.pipe.server.abort()
        rig.loop.settle()
        #expect(refused == 2)
    }

    @Test func aMessageOverTheLimitEndsTheConnection() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open(ConnectionParameters(messageSizeLimit: 3)))
        channel.basicConsume("q", consumerTag: "c", onMessage: { rig.log.add("\($1.body.count) bytes") })
        rig.loop.settle()
        rig.brokerSends { $0.deliver(Self.deliver, body: [1, 2, 3]) }
        rig.brokerSends { $0.deliver(Self.deliver, body: [1, 2, 3, 4]) }
        rig.loop.run(until: { false })
        #expect(
            rig.log.lines == [
                "open", "3 bytes", "channel 1 closed: messageTooLarge 311", "closed: messageTooLarge 311",
            ])
    }

    @Test func everythingIsReleasedWhenItIsOver() throws {
        let rig = Rig(heartbeat: 10)
        weak var weakConnection: Connection?
        weak var weakChannel: Channel?
        do {
            let connection = rig.open()
            let channel = try rig.openChannel(connection)
            (weakConnection, weakChannel) = (connection, channel)
            channel.basicConsume("q", onMessage: { channel, _ in _ = channel.number })
            channel.queueDeclare("q") { _ in _ = channel.number }
            rig.loop.settle()
        }
        #expect(weakConnection != nil, "an open connection keeps itself alive")
        weakConnection?.close()
        rig.loop.run(until: { false }, limit: .seconds(100))
        #expect(weakConnection == nil)
        #expect(weakChannel == nil)
    }
}
