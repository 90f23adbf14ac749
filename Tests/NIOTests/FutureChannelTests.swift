#if NIO
internal import AMQPNIO
internal import AdapterKit
internal import NIOCore
internal import NIOEmbedded
internal import Testing

/// Channels of futures, against a broker that follows a script.
@Suite struct FutureChannelTests {
    @Test func saysWhichChannelItIs() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        #expect("\(channel)" == "future channel 1")
        #expect(channel.number == 1)
        try session.value(channel.close())
        #expect("\(channel)" == "future channel 1 (closed)")
    }

    @Test func closedTellsTheReason() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        #expect(channel.closed.resultNow == nil)
        session.broker.closeChannel(406, "PRECONDITION_FAILED", .basicAck, channel: 1)
        let reason = try session.value(channel.closed)
        #expect(reason.code == .channelClosedByBroker)
        #expect(reason.replyCode == 406)
        #expect(channel.isClosed)
    }

    @Test func closeIsConfirmed() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        try session.value(channel.close(replyCode: 313, replyText: "enough"))
        #expect(try session.value(channel.closed).code == .channelClosedByClient)
        guard case .channelClose(let close)? = session.record.methods.last?.method else {
            Issue.record("no close was sent")
            return
        }
        #expect(close.replyCode == 313)
        #expect(close.replyText == "enough")
        #expect(try session.error(channel.close()).code == .channelWrongState)
    }

    // MARK: Requests

    @Test func everyRequestGivesItsAnswer() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        #expect(
            try session.value(channel.queueDeclare("jobs"))
                == QueueDeclareOK(
                    queue: "jobs", messageCount: 0, consumerCount: 0))
        _ = try session.value(channel.exchangeDeclare("logs", type: .fanout))
        _ = try session.value(channel.queueBind("jobs", exchange: "logs"))
        _ = try session.value(channel.queueUnbind("jobs", exchange: "logs"))
        #expect(try session.value(channel.queuePurge("jobs")).messageCount == 0)
        _ = try session.value(channel.exchangeDelete("logs"))
        _ = try session.value(channel.txSelect())
        _ = try session.value(channel.txCommit())
        _ = try session.value(channel.txRollback())
        _ = try session.value(channel.flow(active: true))
        #expect(try session.value(channel.queueDelete("jobs")).messageCount == 0)
        #expect(
            session.methods(after: 4) == [
                "queue.declare", "exchange.declare", "queue.bind", "queue.unbind", "queue.purge", "exchange.delete",
                "tx.select", "tx.commit", "tx.rollback", "channel.flow", "queue.delete",
            ])
    }

    @Test func anAnswerWithSeveralValuesComesWhole() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        session.broker.script.onMethod = { broker, received in
            guard case .queueDeclare = received.method else { return false }
            let answer = QueueDeclareOK(queue: "jobs", messageCount: 3, consumerCount: 2)
            broker.send(.queueDeclareOK(answer), channel: received.channel)
            return true
        }
        let declared = try session.value(channel.queueDeclare())
        #expect(declared == QueueDeclareOK(queue: "jobs", messageCount: 3, consumerCount: 2))
    }

    @Test func requestsOnAClosedChannelFail() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        try session.value(channel.close())
        let count = session.record.methods.count
        #expect(try session.error(channel.queueDeclare()).code == .channelWrongState)
        #expect(try session.error(channel.basicConsume("jobs")).code == .channelWrongState)
        #expect(try session.error(channel.basicPublish("x", routingKey: "jobs")).code == .channelWrongState)
        #expect(try session.error(channel.basicAck(1)).code == .channelWrongState)
        #expect(session.methods(after: count).isEmpty)
    }

    @Test func aRefusedRequestFailsWithWhatTheBrokerSaid() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        let error = try session.error(channel.queueDeclare("nowhere", passive: true))
        #expect(error.code == .channelClosedByBroker)
        #expect(error.replyCode == 404)
        #expect(error.method == .queueDeclare)
        #expect(channel.isClosed)
    }

    @Test func allPendingRequestsFailWhenTheChannelIsClosed() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        session.broker.script.onMethod = { _, _ in true }
        let declared = channel.queueDeclare()
        let qos = channel.basicQos(prefetchCount: 1)
        let got = channel.basicGet("jobs")
        try session.run()
        session.broker.closeChannel(541, "INTERNAL_ERROR", .queueDeclare, channel: 1)
        #expect(try session.error(declared).replyCode == 541)
        #expect(try session.error(qos).replyCode == 541)
        #expect(try session.error(got).replyCode == 541)
    }

    @Test func whatIsNoRequestIsReachedThroughTheChannelItself() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        #expect(try session.value(channel.withChannel { $0.number }) == 1)
        #expect(try session.value(channel.withChannel { $0.isConfirming }) == false)
        #expect(try session.value(channel.withChannel { $0.consumerTags }) == [])
    }

    @Test func anyCallWithACompletionBecomesAFuture() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        let declared = channel.request { channel, completion in
            channel.queueDeclare("jobs", durable: true, completion: completion)
        }
        #expect(try session.value(declared).queue == "jobs")
    }

    @Test func deadlinesFollowTheEventLoopsClock() throws {
        let session = try EmbeddedSession(ConnectionParameters(requestTimeout: .seconds(5)))
        let channel = try session.openChannel()
        session.broker.script.onMethod = { _, _ in true }
        let declared = channel.queueDeclare()
        try session.run()
        session.eventLoop.advanceTime(by: .milliseconds(4999))
        #expect(declared.resultNow == nil)
        session.eventLoop.advanceTime(by: .milliseconds(1))
        #expect(try session.error(declared).code == .deadlineExceeded)
    }

    @Test func qosIsAnswered() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        _ = try session.value(channel.basicQos(prefetchCount: 20, global: true))
        guard case .basicQos(let qos)? = session.record.methods.last?.method else {
            Issue.record("no qos was sent")
            return
        }
        #expect(qos.prefetchCount == 20)
        #expect(qos.global)
    }

    // MARK: Consuming

    /// A consumer of an empty queue named jobs.
    private func consume(
        _ session: EmbeddedSession, autoAck: Bool = true
    ) throws -> (FutureChannel, FutureConsumer) {
        let channel = try session.openChannel()
        channel.queueDeclare("jobs")
        return (channel, try session.value(channel.basicConsume("jobs", consumerTag: "me", autoAck: autoAck)))
    }

    private func deliver(_ text: String, _ session: EmbeddedSession) throws {
        session.broker.deliver(
            BrokerMessage(routingKey: "jobs", body: ByteSlice(utf8: text)), tag: "me", channel: 1)
        try session.run()
    }

    @Test func aConsumerGivesAQueueAndItsTag() throws {
        let session = try EmbeddedSession()
        let (_, consumer) = try consume(session)
        #expect(consumer.consumerTag == "me")
        let first = consumer.queue.get()
        try deliver("one", session)
        try deliver("two", session)
        let delivery = try session.value(first)
        #expect(delivery.text == "one")
        #expect(delivery.routingKey == "jobs")
        #expect(delivery.consumerTag == "me")
        #expect(try session.value(consumer.queue.get()).text == "two")
    }

    @Test func deliveriesThatComeWithTheAnswerAreNotLost() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        channel.queueDeclare("jobs")
        for text in ["one", "two"] { channel.basicPublish(text, routingKey: "jobs") }
        try session.run()
        let consumer = try session.value(channel.basicConsume("jobs", autoAck: true))
        #expect(try session.value(consumer.queue.get()).text == "one")
        #expect(try session.value(consumer.queue.get()).text == "two")
    }

    @Test func aRefusedConsumerFails() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        #expect(try session.error(channel.basicConsume("nowhere")).replyCode == 404)
    }

    @Test func aTagThatIsInUseIsRefusedAndItsConsumerGoesOn() throws {
        let session = try EmbeddedSession()
        let (channel, consumer) = try consume(session)
        let second = channel.basicConsume("jobs", consumerTag: "me")
        #expect(try session.error(second).code == .duplicateConsumerTag)
        try deliver("one", session)
        #expect(try session.value(consumer.queue.get()).text == "one")
    }

    @Test func consumingFailsWhenTheChannelIsClosedFirst() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        session.broker.script.onMethod = { broker, received in
            guard case .basicConsume = received.method else { return false }
            broker.closeChannel(404, "NOT_FOUND", .basicConsume, channel: received.channel)
            return true
        }
        let consumer = channel.basicConsume("jobs")
        #expect(try session.error(consumer).code == .channelClosedByBroker)
    }

    @Test func theQueueIsClosedWithTheReasonOfTheChannelsEnd() throws {
        let session = try EmbeddedSession()
        let (_, consumer) = try consume(session)
        let waiting = consumer.queue.get()
        session.broker.closeChannel(406, "PRECONDITION_FAILED", .basicAck, channel: 1)
        #expect(try session.error(waiting).replyCode == 406)
        #expect(try session.error(consumer.queue.get()).replyCode == 406)
    }

    @Test func deletingTheQueueEndsItsConsumers() throws {
        let session = try EmbeddedSession()
        let (channel, consumer) = try consume(session)
        channel.queueDeclare("others")
        let other = try session.value(channel.basicConsume("others"))
        let waiting = consumer.queue.get()
        _ = try session.value(channel.queueDelete("jobs"))
        #expect(try session.error(waiting).code == .consumerCancelled)
        #expect(!other.queue.isClosed)
    }

    @Test func cancellingClosesTheQueue() throws {
        let session = try EmbeddedSession()
        let (channel, consumer) = try consume(session)
        let waiting = consumer.queue.get()
        #expect(try session.value(channel.basicCancel("me")).consumerTag == "me")
        #expect(try session.error(waiting).code == .consumerCancelled)
        #expect(consumer.queue.isClosed)
    }

    @Test func cancellingAnUnknownConsumerFails() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        #expect(try session.error(channel.basicCancel("nobody")).code == .unknownConsumerTag)
    }

    @Test func aCancelOfTheBrokersClosesTheQueue() throws {
        let session = try EmbeddedSession()
        let (_, consumer) = try consume(session)
        let waiting = consumer.queue.get()
        session.broker.send(.basicCancel(BasicCancel(consumerTag: "me", noWait: true)), channel: 1)
        let error = try session.error(waiting)
        #expect(error.code == .consumerCancelled)
        #expect(error.blame == .peer)
    }

    @Test func storedMessagesOfACancelledConsumerGoBack() throws {
        let session = try EmbeddedSession()
        let (channel, consumer) = try consume(session, autoAck: false)
        try deliver("one", session)
        try deliver("two", session)
        let count = session.record.methods.count
        _ = try session.value(channel.basicCancel("me"))
        try session.run()
        #expect(consumer.queue.count == 0)
        #expect(session.methods(after: count) == ["basic.cancel", "basic.nack", "basic.nack"])
    }

    @Test func aConsumersLimitStopsTheStreamUntilHalfOfItIsTaken() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        channel.queueDeclare("jobs")
        let consumer = try session.value(
            channel.basicConsume("jobs", consumerTag: "me", autoAck: true, limit: 4))
        for number in 1 ... 10 { try deliver("\(number)", session) }
        #expect(consumer.queue.count == 4)
        var taken: [String] = []
        for expected in [3, 4, 3, 4, 3, 4, 3, 2, 1, 0] {
            taken.append(try session.value(consumer.queue.get()).text)
            try session.run()
            #expect(consumer.queue.count == expected)
        }
        #expect(taken == (1 ... 10).map { "\($0)" })
    }

    @Test func theEndOfAConsumerThatHoldsTheStreamLetsItGo() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        channel.queueDeclare("jobs")
        _ = try session.value(channel.basicConsume("jobs", consumerTag: "me", autoAck: true, limit: 1))
        for number in 1 ... 3 { try deliver("\(number)", session) }
        _ = try session.value(channel.basicCancel("me"))
        let other = try session.value(channel.basicConsume("jobs", consumerTag: "me", autoAck: true))
        for number in 1 ... 3 { try deliver("\(number)", session) }
        #expect(other.queue.count == 3)
    }

    // MARK: Single messages and acknowledgements

    @Test func getGivesAMessage() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        channel.queueDeclare("jobs")
        channel.basicPublish("one", routingKey: "jobs", properties: MessageProperties(contentType: "text/plain"))
        let delivery = try #require(try session.value(channel.basicGet("jobs")))
        #expect(delivery.text == "one")
        #expect(try delivery.properties.contentType == "text/plain")
        #expect(delivery.messageCount == 0)
    }

    @Test func severalGetsAreAnsweredInTheirOrder() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        channel.queueDeclare("jobs")
        for text in ["one", "two"] { channel.basicPublish(text, routingKey: "jobs") }
        try session.run()
        let gets = [channel.basicGet("jobs"), channel.basicGet("jobs"), channel.basicGet("jobs")]
        #expect(try gets.map { try session.value($0)?.text } == ["one", "two", nil])
    }

    @Test func getFromAnEmptyQueueGivesNothing() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        channel.queueDeclare("jobs")
        #expect(try session.value(channel.basicGet("jobs")) == nil)
    }

    @Test func acknowledgementsSucceedWhenTheyAreOnTheirWay() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        let count = session.record.methods.count
        try session.value(channel.basicAck(1))
        try session.value(channel.basicNack(2, multiple: true, requeue: false))
        try session.value(channel.basicReject(3))
        guard case .basicNack(let nack) = session.record.methods[count + 1].method else {
            Issue.record("no nack was sent")
            return
        }
        #expect(nack == BasicNack(deliveryTag: 2, multiple: true, requeue: false))
        #expect(session.methods(after: count) == ["basic.ack", "basic.nack", "basic.reject"])
    }

    @Test func rejectIsSent() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        try session.value(channel.basicReject(2, requeue: false))
        guard case .basicReject(let reject)? = session.record.methods.last?.method else {
            Issue.record("no reject was sent")
            return
        }
        #expect(reject == BasicReject(deliveryTag: 2, requeue: false))
    }

    @Test func recoverWaitsForItsAnswer() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        _ = try session.value(channel.basicRecover())
        #expect(session.record.methodNames.last == "basic.recover")
    }
}
#endif
