internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// What was not answered in time is neither lost nor in anybody's way.
@Suite struct DeadlineTests {
    /// A rig whose broker does not answer some methods, and a channel that waits one second for answers.
    private func session(silent: Set<String>) throws -> (Rig, Connection, Channel) {
        let rig = Rig()
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        rig.broker.onMethod = { _, method, _ in silent.contains("\(method.id)") }
        channel.requestTimeout = .seconds(1)
        _ = rig.takeReceived()
        return (rig, connection, channel)
    }

    @Test func aChannelThatIsOverDoesNotHoldUpTheConnectionsClose() throws {
        let (rig, connection, channel) = try session(silent: ["channel.close"])
        rig.log.call { channel.close(completion: rig.log.completion("channel close")) }
        rig.loop.advance(by: .seconds(2))
        #expect(rig.log.lines.last == "channel close: deadlineExceeded 0")
        rig.log.call { connection.close(completion: rig.log.completion("close")) }
        rig.loop.settle()
        #expect(rig.log.lines.last == "close: ok")
    }

    @Test func aCloseOfTheBrokersThatCrossesOursDoesNotHoldUpTheConnectionsClose() throws {
        let (rig, connection, channel) = try session(silent: ["channel.close"])
        rig.log.call {
            channel.close(completion: rig.log.completion("channel close"))
            connection.close(completion: rig.log.completion("close"))
        }
        rig.loop.settle()
        rig.brokerSends { $0.send(.channelClose(ChannelClose(replyCode: 404, replyText: "")), channel: 1) }
        #expect(rig.log.lines.last == "close: ok")
    }

    @Test func aCloseBehindARequestThatIsNotAnsweredLeavesAllTheSame() throws {
        let (rig, connection, channel) = try session(silent: ["queue.declare"])
        rig.log.call {
            channel.queueDeclare("a", completion: rig.log.completion("a"))
            channel.close(completion: rig.log.completion("channel close"))
        }
        rig.loop.advance(by: .seconds(2))
        #expect(rig.takeReceived() == ["queue.declare", "channel.close"])
        #expect(rig.log.lost == [] && rig.log.doubled == [])
        connection.openChannel(number: 1, completion: rig.log.completion("channel 1 again"))
        rig.loop.settle()
        #expect(rig.log.lines.last == "channel 1 again: ok")
    }

    @Test func anAnswerThatIsLateForAClosedChannelIsDropped() throws {
        let (rig, connection, channel) = try session(silent: ["queue.declare", "channel.close"])
        rig.log.call {
            channel.queueDeclare("a", completion: rig.log.completion("a"))
            channel.close(completion: rig.log.completion("channel close"))
        }
        rig.loop.advance(by: .seconds(2))
        let ok = QueueDeclareOK(queue: "a", messageCount: 0, consumerCount: 0)
        rig.brokerSends { $0.send(.queueDeclareOK(ok), channel: 1) }
        #expect(connection.isOpen)
        rig.brokerSends { $0.send(.channelCloseOK(ChannelCloseOK()), channel: 1) }
        #expect(connection.isOpen)
        connection.openChannel(number: 1, completion: rig.log.completion("channel 1 again"))
        rig.loop.settle()
        #expect(rig.log.lines.last == "channel 1 again: ok")
    }

    @Test func aCancelThatWaitedTooLongStillEndsTheConsumer() throws {
        let (rig, connection, channel) = try session(silent: ["queue.declare"])
        channel.basicConsume("q", consumerTag: "c", onMessage: { _, _ in rig.log.add("delivery") })
        rig.loop.settle()
        channel.requestTimeout = nil
        channel.queueDeclare("a", completion: rig.log.completion("a"))
        channel.requestTimeout = .seconds(1)
        channel.basicCancel("c", completion: rig.log.completion("cancel"))
        rig.loop.advance(by: .seconds(2))
        #expect(rig.log.lines.last == "cancel: deadlineExceeded 0")
        _ = rig.takeReceived()
        let ok = QueueDeclareOK(queue: "a", messageCount: 0, consumerCount: 0)
        rig.brokerSends { $0.send(.queueDeclareOK(ok), channel: 1) }
        #expect(rig.takeReceived() == ["basic.cancel"])
        channel.basicConsume("q", consumerTag: "c", onMessage: { _, _ in }, completion: rig.log.completion("again"))
        rig.loop.settle()
        #expect(rig.log.lines.last == "again: ok")
        #expect(connection.isOpen)
    }

    @Test func aConsumerThatWasNeverAskedForLeavesItsTag() throws {
        let (rig, _, channel) = try session(silent: ["queue.declare"])
        channel.requestTimeout = nil
        channel.queueDeclare("a", completion: rig.log.completion("a"))
        channel.requestTimeout = .seconds(1)
        channel.basicConsume("q", consumerTag: "c", onMessage: { _, _ in }, completion: rig.log.completion("consume"))
        rig.loop.advance(by: .seconds(2))
        #expect(rig.log.lines.last == "consume: deadlineExceeded 0")
        channel.requestTimeout = nil
        channel.basicConsume("q", consumerTag: "c", onMessage: { _, _ in }, completion: rig.log.completion("again"))
        let ok = QueueDeclareOK(queue: "a", messageCount: 0, consumerCount: 0)
        rig.brokerSends { $0.send(.queueDeclareOK(ok), channel: 1) }
        #expect(rig.log.lines.last == "again: ok")
    }
}
