import AMQPAsync
import AMQPConnection
import Foundation
import Testing

/// Handlers that keep the loop from all others are reported, by name and duration.
@Suite(.timeLimit(.minutes(1))) struct StallTests {
    @Test func `a handler that blocks the loop is named`() async throws {
        try await withQueue { channel, queue in
            let stalls = Guarded<[CallbackStall]>([])
            let number = channel.number
            try await channel.connection.run { connection in
                connection.stallThreshold = .milliseconds(50)
                connection.onStall { _, stall in stalls.withLock { $0.append(stall) } }
            }
            _ = try await channel.run { channel in
                channel.basicConsume(queue, consumerTag: "slow", autoAck: true) { _, _ in
                    block(for: 0.1)
                }
            }
            // What is answered in the same read as the message comes is named, too.
            #expect(try await channel.messageCount(queue) == 0)
            try await channel.publish("a", routingKey: queue)
            let name = "the handler of consumer \"slow\" on channel \(number)"
            // A busy machine may keep the loop waiting as well; no callback is named for that.
            try await waitUntil("it was reported") { stalls.withLock { $0.contains { $0.callbacks == [name] } } }
            let stall = try #require(stalls.withLock { $0.first { $0.callbacks == [name] } })
            #expect(stall.duration >= .milliseconds(100))
        }
    }

    @Test func `a handler that blocks a thread of a pool or a task's blocks no loop`() async throws {
        try await withQueue { channel, queue in
            let stalls = Guarded<[String]>([])
            try await channel.connection.run { connection in
                connection.stallThreshold = .seconds(2)
                connection.onStall { _, stall in stalls.withLock { $0 += stall.callbacks } }
            }
            for form in 0 ..< 2 {
                try await channel.publish("a", routingKey: queue)
                let tag = "slow \(form)"
                if form == 0 {
                    try await channel.consume(queue, consumerTag: tag) { _ in
                        block(for: 3)
                        try await channel.basicCancel(tag)
                    }
                } else {
                    let isDone = Guarded(false)
                    async let end: Void = channel.consume(queue, on: WorkerPool(threadCount: 1), consumerTag: tag) {
                        _ in
                        block(for: 3)
                        isDone.withLock { $0 = true }
                    }
                    try await waitUntil("it was handled") { isDone.withLock { $0 } }
                    try await channel.basicCancel(tag)
                    try await end
                }
            }
            #expect(stalls.withLock { $0 } == [], "no handler is named")
        }
    }

    /// Keeps the thread that it is called on.
    private func block(for seconds: Double) { Thread.sleep(forTimeInterval: seconds) }
}
