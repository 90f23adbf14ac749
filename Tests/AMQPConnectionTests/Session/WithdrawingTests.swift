internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// What becomes of requests that are called off, and of answers that come for them.
@Suite struct WithdrawingTests {
    private func silentRig(_ silent: Set<String>) throws -> (Rig, Channel) {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        rig.broker.onMethod = { _, method, _ in silent.contains("\(method.id)") }
        _ = rig.takeReceived()
        return (rig, channel)
    }

    @Test func aRequestInFlightKeepsItsPlaceAndItsAnswerIsNobodysElse() throws {
        let (rig, channel) = try silentRig(["queue.declare"])
        channel.queueDeclare("a", completion: rig.log.completion("a"))
        let request = channel.lastRequest
        channel.queueDeclare("b", completion: rig.log.completion("b") { (ok: QueueDeclareOK) in rig.log.add(ok.queue) })
        channel.withdraw(request)
        #expect(rig.log.lines == ["open", "a: cancelled 0"])
        for name in ["a", "b"] {
            let ok = QueueDeclareOK(queue: name, messageCount: 0, consumerCount: 0)
            rig.brokerSends { $0.send(.queueDeclareOK(ok), channel: 1) }
        }
        #expect(rig.log.lines == ["open", "a: cancelled 0", "b: ok", "b"])
        #expect(channel.isOpen)
    }

    @Test func aRequestThatWaitsIsNotSent() throws {
        let (rig, channel) = try silentRig(["queue.declare"])
        channel.queueDeclare("a", completion: rig.log.completion("a"))
        channel.queueDeclare("b", completion: rig.log.completion("b"))
        channel.withdraw(channel.lastRequest)
        let ok = QueueDeclareOK(queue: "a", messageCount: 0, consumerCount: 0)
        rig.brokerSends { $0.send(.queueDeclareOK(ok), channel: 1) }
        #expect(rig.takeReceived() == ["queue.declare"])
        #expect(rig.log.lost == [] && rig.log.doubled == [])
    }

    @Test func aConsumerThatComesLateIsCancelled() throws {
        let (rig, channel) = try silentRig(["basic.consume"])
        channel.basicConsume(
            "q", consumerTag: "c", onMessage: { _, _ in rig.log.add("delivery") },
            completion: rig.log.completion("consume"))
        rig.loop.settle()
        channel.withdraw(channel.lastRequest)
        rig.brokerSends { broker in
            broker.send(.basicConsumeOK(BasicConsumeOK(consumerTag: "c")), channel: 1)
            broker.deliver(
                BasicDeliver(consumerTag: "c", deliveryTag: 1, redelivered: false, exchange: "", routingKey: ""),
                body: [1])
        }
        #expect(rig.takeReceived() == ["basic.consume", "basic.cancel", "basic.reject"])
        #expect(rig.log.lines == ["open", "consume: cancelled 0"])
        #expect(channel.consumerTags == [])
    }

    @Test func aMessageThatIsGotLateGoesBack() throws {
        let (rig, channel) = try silentRig(["basic.get"])
        channel.basicGet("q", completion: rig.log.completion("get"))
        rig.loop.settle()
        channel.withdraw(channel.lastRequest)
        rig.brokerSends { broker in
            broker.deliver(
                BasicGetOK(deliveryTag: 7, redelivered: false, exchange: "", routingKey: "q", messageCount: 0),
                body: [1])
        }
        #expect(rig.takeReceived() == ["basic.get", "basic.reject"])
        #expect(rig.log.lines == ["open", "get: cancelled 0"])
    }

    @Test func aChannelThatOpensLateIsClosed() throws {
        let rig = Rig()
        let connection = rig.open()
        rig.broker.onMethod = { _, method, _ in method.id == .channelOpen }
        _ = rig.takeReceived()
        let channel = try #require(connection.makeChannel(completion: rig.log.completion("channel")))
        rig.loop.settle()
        channel.withdraw(channel.lastRequest)
        rig.brokerSends { $0.send(.channelOpenOK(ChannelOpenOK()), channel: 1) }
        #expect(rig.takeReceived() == ["channel.open", "channel.close"])
        #expect(rig.log.lines == ["open", "channel: cancelled 0"])
        #expect(channel.isClosed)
    }

    @Test func withdrawingTwiceOrAfterTheAnswerDoesNothing() throws {
        let (rig, channel) = try silentRig(["basic.get"])
        channel.basicGet("q", completion: rig.log.completion("get"))
        rig.loop.settle()
        channel.withdraw(channel.lastRequest)
        channel.withdraw(channel.lastRequest)
        rig.brokerSends { $0.send(.basicGetEmpty(BasicGetEmpty()), channel: 1) }
        channel.withdraw(channel.lastRequest)
        channel.queueDeclare("a", completion: rig.log.completion("a"))
        rig.loop.settle()
        channel.withdraw(channel.lastRequest)
        #expect(rig.log.lines == ["open", "get: cancelled 0", "a: ok"])
    }
}
