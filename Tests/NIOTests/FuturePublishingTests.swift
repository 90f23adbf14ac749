#if NIO
internal import AMQPNIO
internal import AdapterKit
internal import NIOCore
internal import Synchronization
internal import Testing

/// Publishes and their outcomes, against a broker that follows a script.
@Suite struct FuturePublishingTests {
    /// A channel in confirm mode on which nobody but the test answers publishes.
    private func confirming() throws -> (EmbeddedSession, FutureChannel) {
        let session = try EmbeddedSession(ConnectionParameters(), EmbeddedSession.answersByHand)
        let channel = try session.openChannel()
        _ = try session.value(channel.confirmSelect())
        return (session, channel)
    }

    private func error(_ future: EventLoopFuture<Void>, _ session: EmbeddedSession) throws -> PublishError {
        guard case .failure(let error) = try session.result(future) else { throw Unexpected("a confirmed publish") }
        return try #require(error as? PublishError)
    }

    private func giveBack(_ text: String, _ session: EmbeddedSession) {
        session.broker.send(
            BasicReturn(replyCode: 312, replyText: "NO_ROUTE", exchange: "", routingKey: "nowhere"),
            BrokerMessage(routingKey: "nowhere", body: ByteSlice(utf8: text)), channel: 1)
    }

    @Test func aPublishWithoutConfirmsSucceedsWhenItIsOnItsWay() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        let published = channel.basicPublish(
            "hello", exchange: "amq.direct", routingKey: "jobs", properties: MessageProperties(messageID: "7"))
        #expect(published.resultNow != nil)
        try session.value(published)
        let message = try #require(session.record.messages.first)
        #expect(message.body.text == "hello")
        #expect(message.exchange == "amq.direct")
        #expect(message.routingKey == "jobs")
        #expect(message.properties.messageID == "7")
    }

    @Test func aPublishOnAClosedChannelFails() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        session.broker.closeChannel(406, "PRECONDITION_FAILED", .basicAck, channel: 1)
        try session.run()
        #expect(try session.error(channel.basicPublish("x", routingKey: "jobs")).code == .channelWrongState)
        #expect(session.record.messages.isEmpty)
    }

    @Test func whatCannotBeSentFails() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        let key = String(repeating: "k", count: 256)
        #expect(try session.error(channel.basicPublish("x", routingKey: key)).code == .invalidArgument)
        #expect(session.record.messages.isEmpty)
    }

    @Test func aConfirmedPublishSucceeds() throws {
        let (session, channel) = try confirming()
        let published = channel.basicPublish("x", routingKey: "jobs")
        try session.run()
        #expect(published.resultNow == nil)
        session.broker.send(.basicAck(BasicAck(deliveryTag: 1)), channel: 1)
        try session.value(published)
    }

    @Test func aNackedPublishFails() throws {
        let (session, channel) = try confirming()
        let published = channel.basicPublish("x", routingKey: "jobs")
        try session.run()
        session.broker.send(.basicNack(BasicNack(deliveryTag: 1)), channel: 1)
        guard case .nacked = try error(published, session) else {
            Issue.record("another error")
            return
        }
    }

    @Test(arguments: [true, false]) func aReturnedPublishFailsWithItsMessage(isAcked: Bool) throws {
        let (session, channel) = try confirming()
        // The queue exists, so that the broker of the test does not return messages by itself.
        channel.queueDeclare("nowhere")
        let first = channel.basicPublish("first", routingKey: "nowhere", mandatory: true)
        let second = channel.basicPublish("second", routingKey: "nowhere", mandatory: true)
        try session.run()
        giveBack("second", session)
        if isAcked {
            session.broker.send(.basicAck(BasicAck(deliveryTag: 2)), channel: 1)
        } else {
            session.broker.send(.basicNack(BasicNack(deliveryTag: 2)), channel: 1)
        }
        session.broker.send(.basicAck(BasicAck(deliveryTag: 1)), channel: 1)
        guard case .unroutable(let message) = try error(second, session) else {
            Issue.record("another error")
            return
        }
        #expect(message.replyCode == 312)
        #expect(message.body.text == "second")
        try session.value(first)
    }

    @Test func oneAnswerEndsSeveralPublishes() throws {
        let (session, channel) = try confirming()
        let publishes = (1 ... 5).map { channel.basicPublish("\($0)", routingKey: "jobs") }
        try session.run()
        session.broker.send(.basicAck(BasicAck(deliveryTag: 2, multiple: true)), channel: 1)
        session.broker.send(.basicNack(BasicNack(deliveryTag: 4, multiple: true)), channel: 1)
        try session.run()
        let outcomes = publishes.map { future -> String in
            switch future.resultNow {
            case .success: "confirmed"
            case .failure: "nacked"
            case nil: "open"
            }
        }
        #expect(outcomes == ["confirmed", "confirmed", "nacked", "nacked", "open"])
    }

    @Test func unansweredPublishesFailWhenTheChannelIsClosed() throws {
        let (session, channel) = try confirming()
        let publishes = (1 ... 3).map { channel.basicPublish("\($0)", routingKey: "jobs") }
        try session.run()
        session.broker.closeChannel(541, "INTERNAL_ERROR", .basicPublish, channel: 1)
        for publish in publishes { #expect(try session.error(publish).replyCode == 541) }
    }

    @Test func returnedMessagesAreTold() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        let texts = Mutex<[String]>([])
        channel.addOnReturnListener { message in texts.withLock { $0.append(message.body.text) } }
        channel.basicPublish("lost", routingKey: "nowhere", mandatory: true)
        try session.run()
        #expect(texts.withLock { $0 } == ["lost"])
    }

    @Test func publishesOfATurnLeaveInOneWrite() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        let count = session.writes.count
        for number in 1 ... 100 { channel.basicPublish("\(number)", routingKey: "jobs") }
        try session.run()
        #expect(session.record.messages.count == 100)
        #expect(session.writes.count == count + 1)
    }
}
#endif
