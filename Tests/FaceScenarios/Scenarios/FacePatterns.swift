import AMQPConnection
import AMQPProtocol

/// How programs use brokers: requests and replies, work that is shared, floods, and relays.
enum FacePatterns {
    static let all: [FaceScenario] = [
        FaceScenario("requests-are-answered-by-direct-replies") { run in
            let (server, queue) = try await run.queue()
            let requests = try await server.basicConsume(queue, autoAck: true)
            let client = try await run.channel()
            let replies = try await client.basicConsume("amq.rabbitmq.reply-to", autoAck: true)
            for number in 1 ... 10 {
                let properties = MessageProperties(
                    correlationID: "\(number)", replyTo: "amq.rabbitmq.reply-to")
                try await client.publish(FaceMessage("\(number)", routingKey: queue, properties: properties))
                let request = try await run.next(from: requests)
                let asked = try request.properties
                try await server.publish(
                    FaceMessage(
                        "\(request.text) squared", routingKey: asked.replyTo ?? "",
                        properties: MessageProperties(correlationID: asked.correlationID)))
                let reply = try await run.next(from: replies)
                run.expectEqual(reply.text, "\(number) squared", "reply")
                run.expectEqual(try reply.properties.correlationID, "\(number)", "correlation id")
            }
        },
        FaceScenario("a-flood-that-nobody-acknowledges-arrives-whole-and-in-order", limit: .seconds(60)) { run in
            let (channel, queue) = try await run.queue()
            let writer = try await run.channel()
            let consumer = try await channel.basicConsume(queue, autoAck: true)
            let filler = [UInt8](repeating: UInt8(ascii: "."), count: 8192)
            let count = 200
            async let published: Void = flood(writer, queue, filler, count)
            for index in 0 ..< count {
                let body = Array(try await run.next(from: consumer).body)
                run.expectEqual(body.count, filler.count + 2, "size")
                run.expectEqual(body.suffix(2), [UInt8(index >> 8), UInt8(index & 255)], "order")
            }
            try await published
        },
        FaceScenario("two-channels-share-the-work-of-a-queue") { run in
            let (reader, queue) = try await run.queue()
            let results = try await reader.basicConsume(queue, autoAck: true)
            let connection = try await run.connect()
            let source = try await connection.channel()
            let jobs = try await source.queueDeclare(exclusive: true).queue
            let first = try await connection.channel()
            let second = try await connection.channel()
            for channel in [first, second] { try await channel.basicQos(prefetchCount: 1) }
            let consumers = [try await first.basicConsume(jobs), try await second.basicConsume(jobs)]
            async let firstCount = work(first, consumers[0], resultsTo: queue)
            async let secondCount = work(second, consumers[1], resultsTo: queue)
            for index in 0 ..< 20 { try await source.publish("\(index)", to: jobs) }
            run.expectEqual(
                Set(try await run.texts(20, from: results)), Set((0 ..< 20).map { "\($0)" }), "results")
            try await first.basicCancel(consumers[0].tag)
            try await second.basicCancel(consumers[1].tag)
            let counts = [try await firstCount, try await secondCount]
            run.expectEqual(counts[0] + counts[1], 20, "jobs done")
            run.expect(!counts.contains(0), "one of them had nothing to do: \(counts)")
        },
        FaceScenario("what-was-received-is-sent-on-unchanged") { run in
            let (channel, source) = try await run.queue()
            let target = try await channel.queueDeclare(exclusive: true).queue
            let properties = MessageProperties(
                contentType: "x/y",
                headers: ["i8": .int8(-1), "u16": .uint16(2), "float": .float(0.5), "time": .timestamp(3)],
                priority: 1, messageID: "m")
            try await channel.publish(FaceMessage("relay", routingKey: source, properties: properties))
            let first = try await run.next(from: try await channel.basicConsume(source, autoAck: true))
            try await channel.publish(
                FaceMessage(first.body, routingKey: target, properties: try first.properties))
            let second = try await run.next(from: try await channel.basicConsume(target, autoAck: true))
            run.expectEqual(second.text, "relay", "text")
            run.expectEqual(try second.properties, properties, "properties")
        },
        FaceScenario("a-channel-may-end-and-another-go-on-many-times") { run in
            let connection = try await run.connect()
            for _ in 1 ... 20 {
                let channel = try await connection.channel()
                run.expectEqual(channel.number, 1, "number")
                await run.expectFailure(.channelClosedByBroker, 404, of: "purge") { () throws(AMQPError) in
                    try await channel.queuePurge(run.uniqueName("missing"))
                }
            }
        },
    ]

    /// Does jobs until the consumer is cancelled.
    ///
    /// - Returns: how many they were.
    private static func work(
        _ channel: any FaceChannel, _ consumer: FaceConsumer, resultsTo queue: String
    ) async throws(AMQPError) -> Int {
        var count = 0
        while let delivery = try await consumer.deliveries.next() {
            try await channel.publish(delivery.text, to: queue)
            try await channel.basicAck(delivery.tag)
            count += 1
        }
        return count
    }

    private static func flood(
        _ channel: any FaceChannel, _ queue: String, _ filler: [UInt8], _ count: Int
    ) async throws(AMQPError) {
        for index in 0 ..< count {
            try await channel.publish(
                FaceMessage(filler + [UInt8(index >> 8), UInt8(index & 255)], routingKey: queue))
        }
    }
}
