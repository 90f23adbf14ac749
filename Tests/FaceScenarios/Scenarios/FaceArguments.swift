import AMQPConnection
import AMQPProtocol

/// Arguments of queues, exchanges and consumers, and what they do.
enum FaceArguments {
    static let all: [FaceScenario] = [
        FaceScenario("an-expired-message-goes-to-the-dead-letter-exchange") { run in
            let (channel, dead) = try await run.queue()
            let arguments = QueueArguments(
                messageTTL: .milliseconds(20), deadLetterExchange: "", deadLetterRoutingKey: dead)
            let queue = try await declare(arguments, on: channel)
            let consumer = try await channel.basicConsume(dead, autoAck: true)
            try await channel.publish("late", to: queue)
            let delivery = try await run.next(from: consumer)
            run.expectEqual(delivery.text, "late", "text")
            let death = try delivery.properties.headers?["x-death"]?.arrayValue?.first?.tableValue
            run.expectEqual(death?["reason"], "expired", "why it is dead")
            run.expectEqual(death?["queue"], .text(queue), "where it died")
        },
        FaceScenario("a-message's-own-expiration-counts") { run in
            let (channel, dead) = try await run.queue()
            let arguments = QueueArguments(deadLetterExchange: "", deadLetterRoutingKey: dead)
            let queue = try await declare(arguments, on: channel)
            let properties = try MessageProperties().expiring(after: .milliseconds(1))
            try await channel.publish(FaceMessage("short", routingKey: queue, properties: properties))
            let consumer = try await channel.basicConsume(dead, autoAck: true)
            run.expectEqual(try await run.next(from: consumer).text, "short", "text")
        },
        FaceScenario("a-rejected-message-goes-to-the-dead-letter-exchange") { run in
            let (channel, dead) = try await run.queue()
            let arguments = QueueArguments(deadLetterExchange: "", deadLetterRoutingKey: dead)
            let queue = try await declare(arguments, on: channel)
            try await channel.publish("bad", to: queue)
            let delivery = try await run.next(from: try await channel.basicConsume(queue))
            try await channel.basicReject(delivery.tag, requeue: false)
            let consumer = try await channel.basicConsume(dead, autoAck: true)
            run.expectEqual(try await run.next(from: consumer).text, "bad", "text")
        },
        FaceScenario("a-full-queue-that-drops-its-head-keeps-the-newest") { run in
            let channel = try await run.channel()
            let queue = try await declare(QueueArguments(maxLength: 2, overflow: .dropHead), on: channel)
            for text in ["1", "2", "3", "4"] { try await channel.publish(text, to: queue) }
            let texts = [try await channel.basicGet(queue)?.text, try await channel.basicGet(queue)?.text]
            run.expectEqual(texts, ["3", "4"], "messages")
        },
        FaceScenario("a-refused-publish-is-dead-lettered") { run in
            let (channel, dead) = try await run.queue()
            let arguments = QueueArguments(
                deadLetterExchange: "", deadLetterRoutingKey: dead, maxLength: 1, overflow: .rejectPublishDLX)
            let queue = try await declare(arguments, on: channel)
            try await channel.publish("1", to: queue)
            try await channel.publish("2", to: queue)
            let consumer = try await channel.basicConsume(dead, autoAck: true)
            run.expectEqual(try await run.next(from: consumer).text, "2", "text")
        },
        FaceScenario("a-higher-priority-comes-first") { run in
            let channel = try await run.channel()
            let queue = try await declare(QueueArguments(maxPriority: 9), on: channel)
            try await channel.confirmSelect()
            for priority in [5, 1, 9, 5] as [UInt8] {
                _ = try await channel.publishConfirmed(
                    FaceMessage("\(priority)", routingKey: queue, properties: MessageProperties(priority: priority)))
            }
            let consumer = try await channel.basicConsume(queue, autoAck: true)
            run.expectEqual(try await run.texts(4, from: consumer), ["9", "5", "5", "1"], "order")
        },
        FaceScenario("only-the-single-active-consumer-gets-messages-until-it-goes") { run in
            let channel = try await run.channel()
            let queue = try await declare(QueueArguments(singleActiveConsumer: true), on: channel)
            let active = try await channel.basicConsume(queue, autoAck: true)
            let waiting = try await channel.basicConsume(queue, autoAck: true)
            for text in ["1", "2", "3"] { try await channel.publish(text, to: queue) }
            run.expectEqual(try await run.texts(3, from: active), ["1", "2", "3"], "the active one's")
            try await channel.basicCancel(active.tag)
            try await channel.publish("4", to: queue)
            run.expectEqual(try await run.texts(1, from: waiting), ["4"], "the waiting one's")
        },
        FaceScenario("a-consumer-of-higher-priority-is-served-first") { run in
            let (channel, queue) = try await run.queue()
            let low = try await channel.basicConsume(queue, arguments: ConsumerArguments(priority: -1).table())
            let high = try await channel.basicConsume(queue, arguments: ConsumerArguments(priority: 10).table())
            for text in ["1", "2", "3"] { try await channel.publish(text, to: queue) }
            run.expectEqual(try await run.texts(3, from: high), ["1", "2", "3"], "the high one's")
            run.expectEqual(low.deliveries.count, 0, "the low one's")
        },
        FaceScenario("a-lazy-queue-takes-and-gives-messages") { run in
            let channel = try await run.channel()
            let queue = try await declare(QueueArguments(type: .classic, mode: .lazy), on: channel)
            try await channel.publish("1", to: queue)
            try await channel.publish("2", to: queue)
            let consumer = try await channel.basicConsume(queue, autoAck: true)
            run.expectEqual(try await run.texts(2, from: consumer), ["1", "2"], "messages")
        },
        FaceScenario("an-unused-queue-expires") { run in
            let connection = try await run.connect()
            let queue = run.uniqueName()
            let arguments = try QueueArguments(expires: .milliseconds(50)).table()
            try await connection.channel().queueDeclare(queue, arguments: arguments)
            try await run.wait { () throws(AMQPError) in
                let looking = try await connection.channel()
                do throws(AMQPError) {
                    // Looking is using: the next look has to be later than the queue lives.
                    try await looking.queueDeclare(queue, passive: true)
                    try await looking.close()
                    try? await Task.sleep(for: .milliseconds(300))
                    return false
                } catch {
                    run.expect(error, .channelClosedByBroker, 404, .queueDeclare, of: "passive declare")
                    return true
                }
            }
        },
        FaceScenario("what-an-exchange-cannot-route-goes-to-its-alternate") { run in
            let (channel, queue) = try await run.queue()
            let (exchange, spare) = (run.uniqueName(), run.uniqueName())
            try await channel.exchangeDeclare(spare, type: .fanout, autoDelete: true)
            try await channel.queueBind(queue, exchange: spare)
            try await channel.exchangeDeclare(
                exchange, autoDelete: true, arguments: ExchangeArguments(alternateExchange: spare).table())
            let consumer = try await channel.basicConsume(queue, autoAck: true)
            try await channel.publish("astray", to: "nowhere", exchange: exchange)
            let delivery = try await run.next(from: consumer)
            run.expectEqual(delivery.text, "astray", "text")
            run.expectEqual(delivery.exchange, exchange, "exchange")
            try await channel.exchangeDelete(exchange)
        },
        FaceScenario("a-quorum-queue-dead-letters-what-is-delivered-too-often", limit: .seconds(60)) { run in
            let (channel, dead) = try await run.queue()
            let queue = run.uniqueName("quorum")
            let arguments = QueueArguments(
                type: .quorum, deadLetterExchange: "", deadLetterRoutingKey: dead, deadLetterStrategy: .atMostOnce,
                overflow: .dropHead, deliveryLimit: 2, quorumInitialGroupSize: 1, leaderLocator: .clientLocal)
            try await channel.queueDeclare(queue, durable: true, arguments: arguments.table())
            let poisoned = try await channel.basicConsume(queue)
            let buried = try await channel.basicConsume(dead, autoAck: true)
            try await channel.publish("poison", to: queue)
            for _ in 1 ... 3 {
                try await channel.basicReject(try await run.next(from: poisoned).tag, requeue: true)
            }
            run.expectEqual(try await run.next(from: buried).text, "poison", "text")
            try await channel.queueDelete(queue)
        },
        FaceScenario("a-stream-is-read-from-the-first-and-from-any-message", limit: .seconds(60)) { run in
            let channel = try await run.channel()
            let stream = run.uniqueName("stream")
            let arguments = QueueArguments(
                type: .stream, maxLengthBytes: 1_000_000, leaderLocator: .clientLocal, initialClusterSize: 1,
                maxAge: StreamInterval(1, .hours), maxSegmentSizeBytes: 100_000)
            try await channel.queueDeclare(stream, durable: true, arguments: arguments.table())
            try await channel.basicQos(prefetchCount: 10)
            for text in ["1", "2", "3"] { try await channel.publish(text, to: stream) }
            for (offset, expected) in [
                (.first, ["1", "2", "3"]), (.offset(1), ["2", "3"]), (.timestamp(0), ["1", "2", "3"]),
            ] as [(StreamOffset, [String])] {
                let consumer = try await channel.basicConsume(
                    stream, arguments: ConsumerArguments(streamOffset: offset).table())
                for text in expected {
                    let delivery = try await run.next(from: consumer)
                    run.expectEqual(delivery.text, text, "from \(offset)")
                    try await channel.basicAck(delivery.tag)
                }
                try await channel.basicCancel(consumer.tag)
            }
            try await channel.queueDelete(stream)
        },
    ]

    /// Declares a queue that ends with the connection.
    private static func declare(
        _ arguments: QueueArguments, on channel: any FaceChannel
    ) async throws(AMQPError) -> String {
        try await channel.queueDeclare(exclusive: true, arguments: arguments.table()).queue
    }
}
