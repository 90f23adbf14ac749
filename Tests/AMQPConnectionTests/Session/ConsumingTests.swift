internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

@Suite struct ConsumingTests {
    private struct Mishap: Error {}

    private func deliver(_ rig: Rig, _ tag: UInt64, consumer: String = "c") {
        rig.brokerSends { broker in
            broker.deliver(
                BasicDeliver(
                    consumerTag: consumer, deliveryTag: tag, redelivered: false, exchange: "", routingKey: ""),
                body: [1])
        }
    }

    @Test func mixedDeliveriesOfOneReadFindTheirConsumers() throws {
        let rig = Rig()
        let connection = rig.open()
        let channels = [try rig.openChannel(connection), try rig.openChannel(connection)]
        // Tags that differ in their length, in their first and in their last bytes only.
        let tags = ["c", "consumer-number-1", "consumer-number-2", "Consumer-number-2", "consumer-number-23"]
        for channel in channels {
            for tag in tags {
                channel.basicConsume("q", consumerTag: tag, autoAck: true) { channel, delivery in
                    rig.log.add("\(channel.number) \(tag) \(delivery.tag) \(delivery.text)")
                }
            }
        }
        rig.loop.settle()
        var expected: [String] = []
        var random = SplitMix(seed: 5)
        let start = rig.log.lines.count
        let frames = connection.framesReceived
        rig.brokerSends { broker in
            for number in 1 ... 200 as ClosedRange<UInt64> {
                let channel = UInt16.random(in: 1 ... 2, using: &random)
                guard let tag = tags.randomElement(using: &random) else { continue }
                broker.deliver(
                    BasicDeliver(
                        consumerTag: tag, deliveryTag: number, redelivered: false, exchange: "", routingKey: ""),
                    body: ByteSlice(utf8: "m\(number)"), channel: channel)
                if number % 7 == 0 { broker.sendHeartbeat() }
                expected.append("\(channel) \(tag) \(number) m\(number)")
            }
        }
        #expect(Array(rig.log.lines[start...]) == expected)
        #expect(connection.framesReceived == frames + 600 + 28)
    }

    @Test func aHandlerThatClosesGetsNothingMoreOfTheSameRead() throws {
        for closesConnection in [false, true] {
            let rig = Rig()
            let connection = rig.open()
            let channel = try rig.openChannel(connection)
            var tags: [UInt64] = []
            channel.basicConsume("q", consumerTag: "c", autoAck: true) { channel, delivery in
                tags.append(delivery.tag)
                guard delivery.tag == 3 else { return }
                if closesConnection { channel.connection.close() } else { channel.close() }
            }
            rig.loop.settle()
            rig.brokerSends { broker in
                for tag in 1 ... 9 as ClosedRange<UInt64> {
                    broker.deliver(
                        BasicDeliver(
                            consumerTag: "c", deliveryTag: tag, redelivered: false, exchange: "", routingKey: ""),
                        body: [1])
                }
            }
            #expect(tags == [1, 2, 3])
            #expect(channel.isClosed)
        }
    }

    @Test(
        arguments: [
            (HandlerErrorPolicy.report, []), (.nack(requeue: true), ["basic.nack"]),
            (.closeChannel, ["channel.close"]), (.closeConnection, ["channel.close", "connection.close"]),
        ] as [(HandlerErrorPolicy, [String])])
    func whatAHandlerThrowsReachesTheUserAsItself(policy: HandlerErrorPolicy, sent: [String]) throws {
        let rig = Rig()
        let connection = rig.open(ConnectionParameters(handlerErrorPolicy: policy))
        let channel = try rig.openChannel(connection)
        var errors: [AMQPError] = []
        connection.onError { errors.append($1) }
        channel.basicConsume("q", consumerTag: "c", onMessage: { _, _ in throw Mishap() })
        rig.loop.settle()
        _ = rig.takeReceived()
        deliver(rig, 1)
        rig.loop.settle()
        #expect(errors.count == 1)
        #expect(errors.first?.code == .handlerFailed)
        #expect(errors.first?.underlying is Mishap)
        #expect(errors.first?.reason.contains("\"c\"") == true)
        #expect(rig.takeReceived() == sent)
    }

    @Test func aConsumerThatIsBeingCancelledGivesBackWhatStillComes() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        channel.basicConsume("q", consumerTag: "c", onMessage: { _, _ in rig.log.add("delivery") })
        rig.loop.settle()
        rig.broker.onMethod = { _, method, _ in method.id == .basicCancel }
        _ = rig.takeReceived()
        channel.basicCancel("c", completion: rig.log.completion("cancel"))
        #expect(channel.consumerTags == [])
        deliver(rig, 1)
        rig.loop.settle()
        #expect(rig.takeReceived() == ["basic.cancel", "basic.reject"])
        rig.brokerSends { $0.send(.basicCancelOK(BasicCancelOK(consumerTag: "c")), channel: 1) }
        #expect(rig.log.lines == ["open", "cancel: ok"])
    }

    @Test func aTagIsFreeAgainAfterACancelThatNobodyWaitsFor() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        for round in 1 ... 3 as ClosedRange<UInt64> {
            channel.basicConsume(
                "q", consumerTag: "c", onMessage: { rig.log.add("delivery \($1.tag)") },
                completion: rig.log.completion("consume \(round)"))
            rig.loop.settle()
            deliver(rig, round)
            channel.basicCancel("c")
            rig.loop.settle()
        }
        #expect(
            rig.log.lines == [
                "open", "consume 1: ok", "delivery 1", "consume 2: ok", "delivery 2", "consume 3: ok", "delivery 3",
            ])
    }

    @Test func aConsumerThatTheUserCancelsIsNotToldThatItEnded() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        channel.basicConsume(
            "q", consumerTag: "c", onCancel: { rig.log.add("ended: \($1.code)") }, onMessage: { _, _ in })
        rig.loop.settle()
        rig.broker.onMethod = { _, method, _ in method.id == .basicCancel }
        channel.basicCancel("c", completion: rig.log.completion("cancel"))
        channel.close()
        rig.loop.settle()
        rig.broker.closeStream()
        rig.loop.settle()
        #expect(
            rig.log.lines == [
                "open", "cancel: streamLost 0", "channel 1 closed: streamLost", "closed: streamLost",
            ])
    }

    @Test func aDeliveryForNobodyIsLeftAlone() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        _ = rig.takeReceived()
        deliver(rig, 1, consumer: "nobody")
        #expect(channel.isOpen)
        #expect(rig.takeReceived() == [])
    }

    @Test func deliveriesGoToTheConsumerThatTheyName() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        for tag in ["a", "b", "aa", String(repeating: "long", count: 60)] {
            channel.basicConsume("q", consumerTag: tag, onMessage: { rig.log.add("\(tag.prefix(5)) \($1.tag)") })
        }
        rig.loop.settle()
        let consumers = ["a", "a", "aa", "b", String(repeating: "long", count: 60), "a"]
        for (index, consumer) in consumers.enumerated() { deliver(rig, UInt64(index) + 1, consumer: consumer) }
        #expect(rig.log.lines == ["open", "a 1", "a 2", "aa 3", "b 4", "longl 5", "a 6"])
    }

    @Test func callsThatCannotBeMadeAreRefusedInALaterTurn() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        _ = rig.takeReceived()
        rig.log.call {
            channel.basicConsume("q", consumerTag: "", onMessage: { _, _ in }, completion: rig.log.completion("empty"))
            channel.basicConsume("q", consumerTag: "c", onMessage: { _, _ in }, completion: rig.log.completion("c"))
            channel.basicConsume("q", consumerTag: "c", onMessage: { _, _ in }, completion: rig.log.completion("c 2"))
            channel.basicCancel("d", completion: rig.log.completion("cancel d"))
            channel.queueDeclare(String(repeating: "é", count: 128), completion: rig.log.completion("long name"))
            channel.exchangeDeclare(
                "e", arguments: ["a": .text(String(repeating: "x", count: 5000))], completion: rig.log.completion("big")
            )
        }
        rig.loop.settle()
        #expect(
            rig.log.lines == [
                "open", "empty: invalidArgument 0", "c 2: duplicateConsumerTag 0", "cancel d: unknownConsumerTag 0",
                "long name: invalidArgument 0", "big: invalidArgument 0", "c: ok",
            ])
        #expect(rig.takeReceived() == ["basic.consume"])
    }
}
