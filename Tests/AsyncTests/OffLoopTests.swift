import AMQPAsync
import AMQPConnection
import Foundation
import Testing

@Suite(.timeLimit(.minutes(1))) struct OffLoopTests {
    @Test func `a handler that sleeps for three heartbeats keeps the connection`() async throws {
        try await withQueue({ $0.heartbeat = .seconds(4) }) { channel, queue in
            #expect(try await channel.connection.run { $0.tuned?.heartbeat } == 4)
            try await channel.fill(queue, ["a", "b"])
            let handled = Guarded<[String]>([])
            let pool = WorkerPool(threadCount: 2)
            let task = Task {
                try await channel.consume(queue, on: pool, maxInFlight: 2) { delivery in
                    Thread.sleep(forTimeInterval: 12.5)
                    handled.withLock { $0.append(delivery.text) }
                }
            }
            try await waitUntil("both were handled") { handled.withLock { $0.count } == 2 }
            try await channel.close()
            try await task.value
            let other = try await channel.connection.channel()
            #expect(try await other.messageCount(queue) == 0, "both were acknowledged")
        }
    }

    @Test func `a close lets the handlers end and acknowledge`() async throws {
        try await withQueue { channel, queue in
            try await channel.fill(queue, (0 ..< 20).map(String.init))
            let handled = Guarded(0)
            let pool = WorkerPool(threadCount: 4)
            let task = Task {
                try await channel.consume(queue, on: pool, maxInFlight: 4) { _ in
                    Thread.sleep(forTimeInterval: 0.05)
                    handled.withLock { $0 += 1 }
                }
            }
            try await waitUntil("some were handled") { handled.withLock { $0 } > 4 }
            try await channel.close()
            try await task.value
            let count = handled.withLock { $0 }
            let other = try await channel.connection.channel()
            #expect(try await other.messageCount(queue) == 20 - count, "each that was handled was acknowledged")
        }
    }

    @Test func `a cancelled task ends the consumer`() async throws {
        try await withQueue { channel, queue in
            let task = Task {
                try await channel.consume(queue, on: .tasks(), maxInFlight: 4, consumerTag: "c") { _ in }
            }
            try await waitUntil("it consumes") { try await channel.run { $0.consumerTags } == ["c"] }
            task.cancel()
            await #expect { try await task.value } throws: { ($0 as? AMQPError)?.code == .cancelled }
            #expect(try await channel.run { $0.consumerTags } == [])
        }
    }

    @Test func `dispatch queues take work too`() async throws {
        try await withQueue { channel, queue in
            try await channel.fill(queue, ["x"])
            let label = Guarded("")
            let serial = DispatchQueue(label: "handlers")
            let task = Task {
                try await channel.consume(queue, on: .submitting { serial.async(execute: $0) }) { delivery in
                    dispatchPrecondition(condition: .onQueue(serial))
                    label.withLock { $0 = delivery.text }
                }
            }
            try await waitUntil("it was handled") { label.withLock { $0 } == "x" }
            try await channel.close()
            try await task.value
        }
    }
}
