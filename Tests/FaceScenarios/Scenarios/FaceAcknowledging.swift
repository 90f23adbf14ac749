import AMQPConnection
import AMQPProtocol

/// Acknowledgements, and messages that are delivered again.
enum FaceAcknowledging {
    static let all: [FaceScenario] = [
        FaceScenario("acknowledging-several-at-once-takes-all-so-far") { run in
            let connection = try await run.connect()
            let channel = try await connection.channel()
            let queue = try await channel.queueDeclare(exclusive: true).queue
            for index in 0 ..< 5 { try await channel.publish("\(index)", to: queue) }
            let other = try await connection.channel()
            let consumer = try await other.basicConsume(queue)
            var tags: [UInt64] = []
            for _ in 0 ..< 5 { tags.append(try await run.next(from: consumer).tag) }
            try await other.basicAck(tags[3], multiple: true)
            try await other.close()
            run.expectEqual(try await channel.basicGet(queue)?.text, "4", "what was left")
            run.expect(try await channel.basicGet(queue) == nil, "more was left")
        },
        FaceScenario("acknowledging-all-when-there-are-none-is-fine") { run in
            let channel = try await run.channel()
            try await channel.basicAck(0, multiple: true)
            try await channel.queueDeclare(exclusive: true)
        },
        FaceScenario("nack-with-multiple-requeues-all-so-far") { run in
            let (channel, queue) = try await run.queue()
            for index in 0 ..< 5 { try await channel.publish("\(index)", to: queue) }
            let consumer = try await channel.basicConsume(queue)
            var last: UInt64 = 0
            for _ in 0 ..< 5 { last = try await run.next(from: consumer).tag }
            try await channel.basicNack(last, multiple: true, requeue: true)
            var texts: [String] = []
            for _ in 0 ..< 5 {
                let delivery = try await run.next(from: consumer)
                run.expect(delivery.isRedelivered, "\(delivery.text) is not redelivered")
                texts.append(delivery.text)
                try await channel.basicAck(delivery.tag)
            }
            run.expectEqual(texts, ["0", "1", "2", "3", "4"], "order")
        },
        FaceScenario("a-message-rejected-for-good-is-gone") { run in
            let (channel, queue) = try await run.queue()
            try await channel.publish("1", to: queue)
            try await channel.publish("2", to: queue)
            let first = try await channel.basicGet(queue, autoAck: false)
            try await channel.basicReject(first?.tag ?? 0, requeue: false)
            let second = try await channel.basicGet(queue, autoAck: false)
            try await channel.basicNack(second?.tag ?? 0, multiple: false, requeue: false)
            run.expectEqual([first?.text, second?.text], ["1", "2"], "messages")
            run.expect(try await channel.basicGet(queue) == nil, "a message came back")
        },
        FaceScenario("recover-delivers-unacknowledged-messages-again") { run in
            let (channel, queue) = try await run.queue()
            let consumer = try await channel.basicConsume(queue)
            try await channel.publish("again", to: queue)
            run.expect(!(try await run.next(from: consumer).isRedelivered), "redelivered the first time")
            try await channel.basicRecover(requeue: true)
            let delivery = try await run.next(from: consumer)
            run.expectEqual(delivery.text, "again", "text")
            run.expect(delivery.isRedelivered, "not redelivered the second time")
            try await channel.basicAck(delivery.tag)
        },
        FaceScenario("recover-with-nothing-to-recover-is-answered") { run in
            try await run.channel().basicRecover(requeue: true)
        },
        FaceScenario("recover-without-requeue-is-refused-locally") { run in
            let channel = try await run.channel()
            await run.expectFailure(.notSupported, nil, .basicRecover, of: "recover") { () throws(AMQPError) in
                try await channel.basicRecover(requeue: false)
            }
            try await channel.queueDeclare(exclusive: true)
        },
        FaceScenario("unacknowledged-messages-return-to-the-queue-when-the-channel-closes") { run in
            let connection = try await run.connect()
            let channel = try await connection.channel()
            let queue = try await channel.queueDeclare(exclusive: true).queue
            try await channel.publish("x", to: queue)
            let other = try await connection.channel()
            _ = try await run.next(from: try await other.basicConsume(queue))
            try await other.close()
            run.expectEqual(try await channel.basicGet(queue)?.isRedelivered, true, "redelivered")
        },
        FaceScenario("acknowledging-on-another-channel-is-406-there") { run in
            let connection = try await run.connect()
            let channel = try await connection.channel()
            let queue = try await channel.queueDeclare(exclusive: true).queue
            try await channel.publish("x", to: queue)
            let delivery = try await run.next(from: try await channel.basicConsume(queue))
            let other = try await connection.channel()
            do throws(AMQPError) {
                try await other.basicAck(delivery.tag)
            } catch {
                run.expect(error, .channelClosedByBroker, 406, .basicAck, of: "ack")
            }
            run.expect(try await other.closed(), .channelClosedByBroker, 406, .basicAck, of: "the other channel's end")
            try await channel.basicAck(delivery.tag)
            try await channel.queueDeclare(exclusive: true)
        },
        FaceScenario("acknowledging-behind-the-end-of-a-channel-does-no-harm") { run in
            let connection = try await run.connect()
            let channel = try await connection.channel()
            let queue = try await channel.queueDeclare(exclusive: true).queue
            try await channel.publish("x", to: queue)
            let delivery = try await run.next(from: try await channel.basicConsume(queue))
            try await channel.close()
            do throws(AMQPError) {
                try await channel.basicAck(delivery.tag)
            } catch {
                run.expect(error, .channelWrongState, of: "ack")
            }
            let next = try await connection.channel()
            run.expectEqual(try await next.basicGet(queue)?.text, "x", "the message is back in the queue")
        },
    ]
}
