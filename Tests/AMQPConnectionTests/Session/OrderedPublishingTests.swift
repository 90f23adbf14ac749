internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// Publishes that wait for the requests before them.
@Suite struct OrderedPublishingTests {
    private static func confirm(_ broker: MemoryBroker, _ publish: MemoryBroker.Published) {
        broker.send(.basicAck(BasicAck(deliveryTag: publish.number, multiple: false)), channel: publish.channel)
    }

    @Test(arguments: [false, true])
    func aPublishWaitsForABindBeforeItIfThatIsWanted(isOrdered: Bool) throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        channel.publishesAfterRequests = isOrdered
        _ = rig.takeReceived()
        try rig.log.call {
            channel.queueDeclare("q") { _ in }
            channel.queueBind("q", exchange: "e") { _ in }
            try channel.basicPublish("x", exchange: "e", routingKey: "q")
            channel.basicQos(prefetchCount: 1)
        }
        rig.loop.settle()
        let published =
            isOrdered
            ? ["queue.declare", "queue.bind", "basic.publish", "basic.qos"]
            : ["queue.declare", "basic.publish", "queue.bind", "basic.qos"]
        #expect(rig.takeReceived() == published)
        try channel.basicPublish("y", exchange: "e", routingKey: "q")
        rig.loop.settle()
        #expect(rig.takeReceived() == ["basic.publish"], "nothing to wait for")
    }

    @Test func publishesKeepTheirOrderAndTheirNumbers() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        rig.broker.onPublish = Self.confirm
        channel.confirmSelect { _ in }
        rig.loop.settle()
        var sequences: [UInt64?] = []
        func publish(_ name: String) throws {
            sequences.append(try channel.basicPublish(name, routingKey: "q", onOutcome: rig.log.outcome(name)))
        }
        channel.onPublishOutcome { rig.log.add("number \($1): \($2.line)") }
        try publish("a")
        channel.publishesAfterRequests = true
        channel.queueDeclare("q", completion: rig.log.completion("declare"))
        try publish("b")
        channel.publishesAfterRequests = false
        try publish("c")
        rig.loop.settle()
        try publish("d")
        rig.loop.settle()
        #expect(sequences == [1, 2, 3, 4])
        #expect(
            rig.log.lines == [
                "open", "a: confirmed", "number 1: confirmed", "declare: ok", "b: confirmed", "number 2: confirmed",
                "c: confirmed", "number 3: confirmed", "d: confirmed", "number 4: confirmed",
            ])
    }

    @Test func aPublishMayWaitForConfirmSelectItself() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        rig.broker.onPublish = Self.confirm
        channel.publishesAfterRequests = true
        channel.queueDeclare("q") { _ in }
        channel.confirmSelect { _ in }
        #expect(try channel.basicPublish("x", routingKey: "q", onOutcome: rig.log.outcome("x")) == nil)
        rig.loop.settle()
        #expect(try channel.basicPublish("y", routingKey: "q", onOutcome: rig.log.outcome("y")) == 2)
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "x: confirmed", "y: confirmed"])
    }

    @Test func anOutcomeIsToldEvenIfConfirmSelectNeverLeft() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        rig.broker.onMethod = { _, method, _ in method.id == .queueDeclare }
        channel.publishesAfterRequests = true
        channel.requestTimeout = nil
        channel.queueDeclare("q") { _ in }
        channel.requestTimeout = .seconds(1)
        channel.confirmSelect(completion: rig.log.completion("select"))
        try channel.basicPublish("x", routingKey: "q", onOutcome: rig.log.outcome("x"))
        rig.loop.advance(by: .seconds(2))
        rig.brokerSends {
            $0.send(
                .queueDeclareOK(QueueDeclareOK(queue: "q", messageCount: 0, consumerCount: 0)), channel: 1)
        }
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "select: deadlineExceeded 0", "x: lost channelWrongState"])
    }

    @Test func whatWaitsIsLostWithTheChannelOnce() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        channel.confirmSelect { _ in }
        rig.loop.settle()
        rig.broker.onMethod = { _, method, _ in method.id == .queueDeclare }
        channel.publishesAfterRequests = true
        channel.queueDeclare("q", completion: rig.log.completion("declare"))
        for name in ["a", "b"] { try channel.basicPublish(name, routingKey: "q", onOutcome: rig.log.outcome(name)) }
        rig.loop.settle()
        rig.brokerSends { $0.send(.channelClose(ChannelClose(replyCode: 406, replyText: "no")), channel: 1) }
        #expect(
            rig.log.lines == [
                "open", "declare: channelClosedByBroker 406", "a: lost channelClosedByBroker",
                "b: lost channelClosedByBroker", "channel 1 closed: channelClosedByBroker 406",
            ])
        #expect(channel.connection.snapshot.heldByteCount == 0)
    }

    @Test func whatWaitsCountsAsOutput() throws {
        let rig = Rig()
        let connection = rig.open(
            ConnectionParameters(outputLimit: 10_000, outputHighWaterMark: 5000, outputLowWaterMark: 1000))
        let channel = try rig.openChannel(connection)
        rig.broker.onMethod = { _, method, _ in method.id == .queueDeclare }
        channel.onMayPublish { rig.log.add("may publish: \($1)") }
        channel.publishesAfterRequests = true
        channel.queueDeclare("q") { _ in }
        let body = Array(repeating: UInt8(7), count: 3000)
        var count = 0
        var error: AMQPError?
        while error == nil, count < 100 {
            error = thrown { try channel.basicPublish(body, routingKey: "q") }
            count += 1
        }
        #expect(count == 4)
        #expect(error?.code == .outputBufferFull)
        #expect(!channel.mayPublish)
        rig.loop.settle()
        #expect(connection.snapshot.heldByteCount > 9000)
        rig.brokerSends {
            $0.send(.queueDeclareOK(QueueDeclareOK(queue: "q", messageCount: 0, consumerCount: 0)), channel: 1)
        }
        rig.loop.settle()
        #expect(connection.snapshot.heldByteCount == 0)
        #expect(channel.mayPublish)
        #expect(rig.takeReceived().filter { $0 == "basic.publish" }.count == 3)
        #expect(rig.log.lines == ["open", "may publish: false", "may publish: true"])
    }

    @Test func whatCannotBeEncodedIsRefusedInsteadOfWaiting() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        channel.publishesAfterRequests = true
        channel.queueDeclare("q") { _ in }
        let error = thrown { try channel.basicPublish("x", routingKey: String(repeating: "k", count: 256)) }
        #expect(error?.code == .invalidArgument)
        rig.loop.settle()
        #expect(channel.isOpen)
    }

    @Test func theCloseWaitsForThem() throws {
        let rig = Rig()
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        _ = rig.takeReceived()
        channel.publishesAfterRequests = true
        channel.queueDeclare("q") { _ in }
        try channel.basicPublish(Array(repeating: 1, count: 50_000), routingKey: "q")
        connection.close(completion: rig.log.completion("close"))
        rig.loop.settle()
        #expect(rig.takeReceived() == ["queue.declare", "basic.publish", "channel.close", "connection.close"])
        #expect(rig.log.lines.last == "close: ok")
    }
}
