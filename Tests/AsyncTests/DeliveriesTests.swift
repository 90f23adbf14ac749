@testable import AMQPAsync
import Testing

@Suite(.timeLimit(.minutes(1))) struct DeliveriesTests {
    private static let texts = (0 ..< 100).map(String.init)

    @Test func `a cancel lets what has come be read, then the sequence ends`() async throws {
        try await withQueue { channel, queue in
            try await channel.fill(queue, Self.texts)
            let deliveries = try await channel.basicConsume(queue, autoAck: true)
            try await waitUntil("all have come") { try await channel.messageCount(queue) == 0 }
            try await deliveries.cancel()
            try await deliveries.cancel()
            var read: [String] = []
            for try await delivery in deliveries { read.append(delivery.text) }
            #expect(read == Self.texts)
            #expect(try await channel.run { $0.consumerTags } == [])
        }
    }

    @Test func `a cancel by the broker is thrown`() async throws {
        try await withQueue { channel, queue in
            let deliveries = try await channel.basicConsume(queue)
            try await channel.queueDelete(queue)
            await #expect { for try await _ in deliveries {} } throws: {
                ($0 as? AMQPError)?.code == .consumerCancelled
            }
        }
    }

    @Test func `a close of ours ends the sequence, one of the broker's is thrown`() async throws {
        try await withQueue { channel, queue in
            let deliveries = try await channel.basicConsume(queue)
            try await channel.close()
            for try await _ in deliveries {}
            let other = try await channel.connection.channel()
            let others = try await other.basicConsume(queue)
            _ = try? await other.queueDeclare(uniqueName("missing"), passive: true)
            await #expect { for try await _ in others {} } throws: {
                ($0 as? AMQPError)?.code == .channelClosedByBroker
            }
        }
    }

    @Test func `dropping the sequence ends the consumer and gives back what was not read`() async throws {
        try await withQueue { channel, queue in
            try await channel.fill(queue, Self.texts)
            do {
                let deliveries = try await channel.basicConsume(queue, prefetch: 30)
                try await waitUntil("some have come") { try await channel.messageCount(queue) == 70 }
                var iterator = deliveries.makeAsyncIterator()
                for _ in 0 ..< 5 {
                    let delivery = try #require(try await iterator.next())
                    channel.basicAck(delivery.tag)
                }
            }
            try await waitUntil("all but five are back") { try await channel.messageCount(queue) == 95 }
            #expect(try await channel.run { $0.consumerTags } == [])
        }
    }

    @Test func `what one reader leaves is the next one's`() async throws {
        try await withQueue { channel, queue in
            try await channel.fill(queue, Self.texts)
            let deliveries = try await channel.basicConsume(queue)
            var read: [String] = []
            while read.count < 100 {
                for try await delivery in deliveries {
                    read.append(delivery.text)
                    channel.basicAck(delivery.tag)
                    if read.count.isMultiple(of: 7) || read.count == 100 { break }
                }
            }
            #expect(read == Self.texts)
        }
    }

    @Test(arguments: [false, true])
    func `what went back with its channel is not given out, by the same reader or the next`(isNext: Bool) async throws {
        try await withQueue { channel, queue in
            try await channel.fill(queue, Self.texts)
            let deliveries = try await channel.basicConsume(queue)
            try await waitUntil("all have come") { try await channel.messageCount(queue) == 0 }
            var read: [String] = []
            var ends: [AMQPError.Code] = []
            for _ in 0 ..< 2 {
                do throws(AMQPError) {
                    for try await delivery in deliveries {
                        read.append(delivery.text)
                        if read.count == 1 {
                            _ = try? await channel.queueDeclare(uniqueName("missing"), passive: true)
                            // The request fails a little earlier than the consumers end.
                            _ = try? await channel.closed()
                            if isNext { break }
                        }
                    }
                } catch {
                    ends.append(error.code)
                }
            }
            #expect(read == ["0"])
            #expect(ends == Array(repeating: .channelClosedByBroker, count: isNext ? 1 : 2))
        }
    }

    @Test func `a cancel that cannot be sent leaves the consumer as it was`() async throws {
        let small: (inout ConnectionParameters) -> Void = { parameters in
            parameters.outputLimit = 10_000
            parameters.outputHighWaterMark = 5_000
            parameters.outputLowWaterMark = 1_000
        }
        try await withQueue(small) { channel, queue in
            // Its cancel takes more room than a publish.
            let deliveries = try await channel.basicConsume(queue, consumerTag: String(repeating: "c", count: 200))
            // Both calls are made in one turn of the loop, in which nothing leaves.
            let cancel = Task(executorPreference: channel.connection.executor.taskExecutor) {
                try await channel.run { $0.fillOutput() }
                try await deliveries.cancel()
            }
            await #expect { try await cancel.value } throws: { ($0 as? AMQPError)?.code == .outputBufferFull }
            try await channel.fill(queue, ["x"])
            var iterator = deliveries.makeAsyncIterator()
            #expect(try await iterator.next()?.text == "x")
            try await deliveries.cancel()
            #expect(try await iterator.next() == nil)
        }
    }

    @Test func `several readers share the deliveries`() async throws {
        try await withQueue { channel, queue in
            let deliveries = try await channel.basicConsume(queue, autoAck: true)
            let counts = try await withThrowingTaskGroup { group in
                for _ in 0 ..< 4 {
                    group.addTask {
                        var texts: [String] = []
                        for try await delivery in deliveries { texts.append(delivery.text) }
                        return texts
                    }
                }
                try await channel.fill(queue, Self.texts)
                try await waitUntil("all have come") { try await channel.messageCount(queue) == 0 }
                try await deliveries.cancel()
                var all: [String] = []
                for try await texts in group { all += texts }
                return all
            }
            #expect(counts.sorted() == Self.texts.sorted())
        }
    }

    @Test func `a reader that is cancelled leaves the sequence to others`() async throws {
        try await withQueue { channel, queue in
            let deliveries = try await channel.basicConsume(queue)
            let task = Task { for try await _ in deliveries {} }
            try await waitUntil("it waits") { deliveries.buffer.waiterCount == 1 }
            task.cancel()
            await #expect { try await task.value } throws: { ($0 as? AMQPError)?.code == .cancelled }
            try await channel.fill(queue, ["x"])
            var iterator = deliveries.makeAsyncIterator()
            #expect(try await iterator.next()?.text == "x")
        }
    }

    @Test func `handlers run in tasks, and what they throw goes back`() async throws {
        struct Mishap: Error {}
        try await withQueue { channel, queue in
            try await channel.fill(queue, Self.texts)
            let seen = Seen()
            let task = Task {
                try await channel.consume(queue, maxInFlight: 8) { delivery in
                    if await seen.isFirst(delivery.text), delivery.text.hasSuffix("7") { throw Mishap() }
                }
            }
            try await waitUntil("all were handled") { await seen.count == 110 }
            task.cancel()
            await #expect { try await task.value } throws: { ($0 as? AMQPError)?.code == .cancelled }
            try await waitUntil("the consumer has ended") { try await channel.run { $0.consumerTags } == [] }
            #expect(try await channel.messageCount(queue) == 0)
        }
    }

    @Test func `properties count for what waits, too`() async throws {
        try await withQueue { channel, queue in
            let long = String(repeating: "x", count: 20_000)
            try await channel.publish(
                "", routingKey: queue, properties: MessageProperties(headers: ["long": .text(long)]))
            try await waitUntil("it is there") { try await channel.messageCount(queue) == 1 }
            let delivery = try #require(try await channel.basicGet(queue, autoAck: true))
            var batch = DeliveryBatch()
            batch.append(delivery)
            #expect(batch.byteCount > 20_000)
        }
    }

    private actor Seen {
        private var texts: Set<String> = []
        private(set) var count = 0

        func isFirst(_ text: String) -> Bool {
            count += 1
            return texts.insert(text).inserted
        }
    }
}
