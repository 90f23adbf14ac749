@testable import AMQPAsync
import Foundation
import Testing

/// A reader that is slower than the broker, with acknowledgements that the broker does not wait for.
@Suite(.timeLimit(.minutes(10))) struct MemoryTests {
    /// The number of messages that the environment asks for; whoever does that runs this test alone.
    private static let wantedCount = ProcessInfo.processInfo.environment["OCHOTONA_SLOW_CONSUMER_MESSAGES"]
        .flatMap(Int.init)

    /// The process' resident memory in bytes.
    private static func residentMemory() throws -> Int {
        let numbers = try String(contentsOfFile: "/proc/self/statm", encoding: .utf8).split(separator: " ")
        return (Int(numbers[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE)))
    }

    @Test func `a slow reader that does not acknowledge keeps memory flat and the connection alive`() async throws {
        let count = Self.wantedCount ?? 60_000
        try await withQueue(arguments: ["x-queue-mode": "lazy"], { $0.heartbeat = .seconds(5) }) { channel, queue in
            let body = ByteSlice([UInt8](repeating: 120, count: 1024))
            let publishing = Task(executorPreference: channel.connection.executor.taskExecutor) {
                let publisher = try await channel.connection.channel()
                try await publisher.confirmSelect()
                try await publisher.run { $0.unconfirmedLimit = 1_000 }
                for _ in 0 ..< count { try await publisher.publish(body, routingKey: queue) }
                try await publisher.publishConfirmed(body, routingKey: queue)
                try await publisher.close()
            }
            try await publishing.value
            try await waitUntil("all are there") { try await channel.messageCount(queue) == count + 1 }
            let begin = try Self.residentMemory()
            var peak = begin
            var most = 0
            var stalls = 0
            var received = 0
            let deliveries = try await channel.basicConsume(queue, autoAck: true)
            for try await delivery in deliveries {
                #expect(delivery.body.count == 1024)
                received += 1
                if received.isMultiple(of: 1_000) {
                    most = max(most, deliveries.buffer.byteCount)
                    peak = max(peak, try Self.residentMemory())
                }
                // As long as there are messages, it does nothing until the stream is held.
                if received.isMultiple(of: 5_000), received < count - 20_000 {
                    try await waitUntil("the stream is held") { deliveries.buffer.isHeld }
                    stalls += 1
                }
                if received == count + 1 { break }
            }
            print(
                "\(received) messages of 1 KiB: \(most / 1024) KiB waited at most, resident memory grew from "
                    + "\(begin / 1_048_576) to \(peak / 1_048_576) MiB, \(stalls) pauses")
            #expect(stalls > 0)
            #expect(most < 4 * 1_048_576)
            // Other tests in the same process use memory, too.
            if Self.wantedCount != nil { #expect(peak - begin < 48 * 1_048_576) }
            #expect(try await channel.queueDeclare(queue, passive: true).messageCount == 0, "the connection is alive")
        }
    }
}
