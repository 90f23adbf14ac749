internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// A connection that its user has asked not to read.
@Suite struct ReadingPauseTests {
    private func deliver(_ rig: Rig, _ count: Int) {
        rig.brokerSends { broker in
            for tag in 1 ... UInt64(count) {
                broker.deliver(
                    BasicDeliver(
                        consumerTag: "c", deliveryTag: tag, redelivered: false, exchange: "", routingKey: ""),
                    body: [1])
            }
        }
    }

    /// A channel with a consumer that counts.
    private func consuming(heartbeat: UInt16 = 0) throws -> (Rig, Channel, () -> Int) {
        let rig = Rig(heartbeat: heartbeat)
        let channel = try rig.openChannel(rig.open())
        var count = 0
        channel.basicConsume("q", consumerTag: "c", autoAck: true, onMessage: { _, _ in count += 1 })
        rig.loop.settle()
        return (rig, channel, { count })
    }

    @Test func nothingIsReadUntilTheLastPauseEnds() throws {
        let (rig, channel, count) = try consuming()
        let pauses = [channel.connection.pauseReading(), channel.connection.pauseReading()]
        deliver(rig, 3)
        #expect(count() == 0)
        pauses[0].end()
        pauses[0].end()
        rig.loop.settle()
        #expect(count() == 0)
        pauses[1].end()
        rig.loop.settle()
        #expect(count() == 3)
    }

    @Test func anAnswerThatIsAwaitedIsRead() throws {
        let (rig, channel, count) = try consuming()
        let pause = channel.connection.pauseReading()
        deliver(rig, 3)
        channel.queueDeclare("a", completion: rig.log.completion("a"))
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "a: ok"])
        #expect(count() == 3, "what lies before the answer has to be taken")
        deliver(rig, 1)
        #expect(count() == 3)
        channel.connection.close(completion: rig.log.completion("close"))
        rig.loop.settle()
        #expect(rig.log.lines.last == "close: ok")
        pause.end()
    }

    @Test func anAnswerThatWasGivenUpIsNotAwaited() throws {
        let (rig, channel, count) = try consuming()
        channel.requestTimeout = .seconds(1)
        rig.broker.onMethod = { _, _, _ in true }
        channel.queueDeclare("a", completion: rig.log.completion("a"))
        rig.loop.advance(by: .seconds(2))
        #expect(rig.log.lines.last?.hasPrefix("a: deadlineExceeded") == true)
        let pause = channel.connection.pauseReading()
        deliver(rig, 3)
        #expect(count() == 0)
        // Whoever comes behind it waits.
        channel.queueDeclare("b", completion: rig.log.completion("b"))
        rig.loop.settle()
        #expect(count() == 3)
        pause.end()
    }

    @Test func theBrokersSilenceIsNotHeldAgainstIt() throws {
        let (rig, channel, count) = try consuming(heartbeat: 2)
        let pause = channel.connection.pauseReading()
        rig.loop.advance(by: .milliseconds(4_900))
        #expect(channel.isOpen)
        #expect(rig.broker.heartbeatCount >= 4, "ours leave as usual")
        pause.end()
        deliver(rig, 1)
        #expect(count() == 1)
        rig.loop.advance(by: .seconds(5))
        #expect(channel.connection.isClosed, "silence while we listen counts")
    }

    @Test func everyFiveSecondsSomethingIsTakenAllTheSame() throws {
        let (rig, channel, count) = try consuming()
        let pause = channel.connection.pauseReading()
        deliver(rig, 2)
        rig.loop.advance(by: .milliseconds(4_900))
        #expect(count() == 0)
        rig.loop.advance(by: .milliseconds(200))
        #expect(count() == 2)
        deliver(rig, 1)
        #expect(count() == 2, "it pauses again")
        rig.loop.advance(by: .seconds(6))
        #expect(count() == 3)
        pause.end()
    }
}
