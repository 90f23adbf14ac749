import AMQPConnection
import AMQPProtocol

/// Consumers, and single messages.
enum FaceConsuming {
    static let all: [FaceScenario] = consumers + ends + gets

    private static let consumers: [FaceScenario] = [
        FaceScenario("a-delivery-carries-what-was-published") { run in
            let (channel, queue) = try await run.queue()
            let consumer = try await channel.basicConsume(queue, consumerTag: "mine")
            run.expectEqual(consumer.tag, "mine", "the consumer's tag")
            try await channel.publish("hello", to: queue)
            let delivery = try await run.next(from: consumer)
            run.expectEqual(delivery.text, "hello", "text")
            run.expectEqual(delivery.exchange, "", "exchange")
            run.expectEqual(delivery.routingKey, queue, "routing key")
            run.expectEqual(delivery.consumerTag, "mine", "consumer tag")
            run.expectEqual(delivery.tag, 1, "delivery tag")
            run.expect(!delivery.isRedelivered, "redelivered")
            run.expectEqual(delivery.copied().text, "hello", "text of a copy")
            try await channel.basicAck(delivery.tag)
        },
        FaceScenario("messages-that-wait-are-delivered-to-a-new-consumer") { run in
            let (channel, queue) = try await run.queue()
            let texts = (0 ..< 100).map { "\($0)" }
            for text in texts { try await channel.publish(text, to: queue) }
            let consumer = try await channel.basicConsume(queue, autoAck: true)
            run.expectEqual(try await run.texts(100, from: consumer), texts, "order")
        },
        FaceScenario("two-consumers-share-a-queue") { run in
            let (channel, queue) = try await run.queue()
            try await channel.basicQos(prefetchCount: 1)
            let first = try await channel.basicConsume(queue)
            let second = try await channel.basicConsume(queue)
            try await channel.publish("1", to: queue)
            try await channel.publish("2", to: queue)
            let texts = [try await run.next(from: first).text, try await run.next(from: second).text]
            run.expectEqual(texts.sorted(), ["1", "2"], "messages")
        },
        FaceScenario("a-consumer-tag-in-use-is-refused-locally") { run in
            let (channel, queue) = try await run.queue()
            let consumer = try await channel.basicConsume(queue, consumerTag: "c", autoAck: true)
            await run.expectFailure(.duplicateConsumerTag, of: "second consumer") { () throws(AMQPError) in
                try await channel.basicConsume(queue, consumerTag: "c")
            }
            try await channel.publish("still there", to: queue)
            run.expectEqual(try await run.next(from: consumer).text, "still there", "text")
        },
        FaceScenario("prefetch-limits-unacknowledged-messages") { run in
            let (channel, queue) = try await run.queue()
            for index in 0 ..< 20 { try await channel.publish("\(index)", to: queue) }
            try await channel.basicQos(prefetchCount: 3)
            let consumer = try await channel.basicConsume(queue)
            for index in 0 ..< 3 { run.expectEqual(try await run.next(from: consumer).text, "\(index)", "message") }
            run.expectEqual(
                try await channel.queueDeclare(queue, passive: true).messageCount, 17, "messages in the queue")
            try await channel.basicAck(3, multiple: true)
            for index in 3 ..< 6 { run.expectEqual(try await run.next(from: consumer).text, "\(index)", "message") }
            run.expectEqual(
                try await channel.queueDeclare(queue, passive: true).messageCount, 14, "messages in the queue")
        },
        FaceScenario("a-global-prefetch-limits-all-consumers-of-a-channel") { run in
            let (channel, queue) = try await run.queue()
            for index in 0 ..< 10 { try await channel.publish("\(index)", to: queue) }
            try await channel.basicQos(prefetchSize: 0, prefetchCount: 2, global: true)
            let first = try await channel.basicConsume(queue)
            let second = try await channel.basicConsume(queue)
            _ = try await run.next(from: first)
            _ = try await run.next(from: first)
            run.expectEqual(
                try await channel.queueDeclare(queue, passive: true).messageCount, 8, "messages in the queue")
            run.expectEqual(second.deliveries.count, 0, "the second one's")
        },
    ]

    private static let ends: [FaceScenario] = [
        FaceScenario("cancelling-with-prefetched-messages-loses-none") { run in
            let (channel, queue) = try await run.queue()
            for index in 0 ..< 50 { try await channel.publish("\(index)", to: queue) }
            let consumer = try await channel.basicConsume(queue)
            var texts: [String] = []
            for _ in 0 ..< 5 {
                let delivery = try await run.next(from: consumer)
                texts.append(delivery.text)
                try await channel.basicAck(delivery.tag)
            }
            try await channel.basicCancel(consumer.tag)
            // A face may have given out more than was taken from it; the rest goes back.
            while let delivery = try await consumer.deliveries.next() {
                texts.append(delivery.text)
                try await channel.basicAck(delivery.tag)
            }
            while let delivery = try await channel.basicGet(queue) { texts.append(delivery.text) }
            run.expectEqual(texts.count, 50, "messages")
            run.expectEqual(Set(texts).count, 50, "different messages")
        },
        FaceScenario("a-cancelled-consumer's-deliveries-end-in-good-order") { run in
            let (channel, queue) = try await run.queue()
            let consumer = try await channel.basicConsume(queue, consumerTag: "c")
            try await channel.basicCancel("c")
            run.expect(try await consumer.deliveries.next() == nil, "a delivery came")
            let again = try await channel.basicConsume(queue, consumerTag: "c", autoAck: true)
            try await channel.publish("the tag is free again", to: queue)
            run.expectEqual(try await run.next(from: again).text, "the tag is free again", "text")
        },
        FaceScenario("cancelling-an-unknown-tag-is-refused-locally") { run in
            let channel = try await run.channel()
            await run.expectFailure(.unknownConsumerTag, of: "cancel") { () throws(AMQPError) in
                try await channel.basicCancel("unknown")
            }
            try await channel.queueDeclare(exclusive: true)
        },
        FaceScenario("deleting-a-queue-tells-its-channel-of-the-consumer-that-went") { run in
            let (channel, queue) = try await run.queue()
            let cancels = try await channel.cancels()
            let consumer = try await channel.basicConsume(queue, consumerTag: "c")
            try await channel.publish("before", to: queue)
            run.expectEqual(try await run.next(from: consumer).text, "before", "text")
            try await channel.queueDelete(queue)
            run.expectEqual(try await cancels.next(), "c", "the tag that was cancelled")
            try await channel.queueDeclare(exclusive: true)
        },
        FaceScenario("a-consumer-that-the-broker-cancels-ends-with-the-reason") { run in
            let connection = try await run.connect()
            let channel = try await connection.channel()
            let queue = try await channel.queueDeclare(exclusive: true).queue
            let consumer = try await channel.basicConsume(queue)
            try await connection.channel().queueDelete(queue)
            await run.expectFailure(.consumerCancelled, of: "the deliveries") { () throws(AMQPError) in
                try await consumer.deliveries.next()
            }
            try await channel.queueDeclare(exclusive: true)
        },
        FaceScenario("closing-a-channel-ends-its-deliveries-in-good-order") { run in
            let (channel, queue) = try await run.queue()
            let consumer = try await channel.basicConsume(queue)
            try await channel.close()
            run.expect(try await consumer.deliveries.next() == nil, "a delivery came")
        },
        FaceScenario("closing-a-connection-ends-its-deliveries-in-good-order") { run in
            let connection = try await run.connect()
            let channel = try await connection.channel()
            let consumer = try await channel.basicConsume(try await channel.queueDeclare(exclusive: true).queue)
            try await connection.close()
            run.expect(try await consumer.deliveries.next() == nil, "a delivery came")
        },
        FaceScenario("a-channel-that-the-broker-closes-ends-its-deliveries-with-the-reason") { run in
            let (channel, queue) = try await run.queue()
            let consumer = try await channel.basicConsume(queue)
            await run.expectFailure(.channelClosedByBroker, 404, of: "purge") { () throws(AMQPError) in
                try await channel.queuePurge(run.uniqueName("missing"))
            }
            await run.expectFailure(.channelClosedByBroker, 404, .queuePurge, of: "the deliveries") {
                () throws(AMQPError) in
                try await consumer.deliveries.next()
            }
        },
    ]

    private static let gets: [FaceScenario] = [
        FaceScenario("getting-from-an-empty-queue-is-a-value") { run in
            let (channel, queue) = try await run.queue()
            for _ in 0 ..< 3 { run.expect(try await channel.basicGet(queue) == nil, "a message came") }
        },
        FaceScenario("a-message-that-was-got-tells-how-many-are-left") { run in
            let (channel, queue) = try await run.queue()
            try await channel.publish("1", to: queue)
            try await channel.publish("2", to: queue)
            let delivery = try await channel.basicGet(queue)
            run.expectEqual(delivery?.text, "1", "text")
            run.expectEqual(delivery?.messageCount, 1, "messages left")
            run.expectEqual(delivery?.consumerTag, nil, "consumer tag")
        },
        FaceScenario("a-message-that-was-got-can-be-rejected-and-got-again") { run in
            let (channel, queue) = try await run.queue()
            try await channel.publish("again", to: queue)
            let delivery = try await channel.basicGet(queue, autoAck: false)
            try await channel.basicReject(delivery?.tag ?? 0, requeue: true)
            let again = try await channel.basicGet(queue)
            run.expectEqual(again?.text, "again", "text")
            run.expectEqual(again?.isRedelivered, true, "redelivered")
        },
    ]
}
