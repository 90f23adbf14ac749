import AMQPAsync
import BrokerSupport
import Foundation
import Testing

/// Something that a test counts on did not happen.
struct Missing: Error, CustomStringConvertible {
    let description: String
}

/// A name that nothing else on the broker has.
func uniqueName(_ prefix: String = "async") -> String {
    "\(prefix).\(String(UInt64.random(in: .min ... .max), radix: 36))"
}

/// Waits until something holds, looking every few milliseconds.
func waitUntil(
    _ what: String, within limit: Duration = .seconds(30), _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now.advanced(by: limit)
    while try await !condition() {
        guard ContinuousClock.now < end else { throw Missing(description: "\(what): not within \(limit)") }
        try await Task.sleep(for: .milliseconds(5))
    }
}

/// A connection to the test broker, which is closed afterwards.
func withBroker(
    _ change: (inout ConnectionParameters) -> Void = { _ in }, _ body: (AsyncConnection) async throws -> Void
) async throws {
    var parameters = try TestBroker.parameters()
    change(&parameters)
    try await AMQP.withConnection(parameters, body)
}

/// A channel and an exclusive queue on a connection of their own.
func withQueue(
    arguments: FieldTable = [:], _ change: (inout ConnectionParameters) -> Void = { _ in },
    _ body: (AsyncChannel, String) async throws -> Void
) async throws {
    try await withBroker(change) { connection in
        let channel = try await connection.channel()
        let queue = try await channel.queueDeclare(exclusive: true, arguments: arguments).queue
        try await body(channel, queue)
    }
}

extension Channel {
    /// Publishes to nobody, until no more output may wait.
    func fillOutput() {
        do throws(AMQPError) {
            while true { try basicPublish("x", routingKey: "nobody") }
        } catch {
            #expect(error.code == .outputBufferFull)
        }
    }
}

extension AsyncChannel {
    /// Publishes texts, and waits until the broker has them all.
    func fill(_ queue: String, _ texts: [String]) async throws {
        try await confirmSelect()
        for text in texts {
            guard case .confirmed = try await publishConfirmed(text, routingKey: queue) else {
                throw Missing(description: "a publish was not confirmed")
            }
        }
    }

    /// The number of messages that are ready in a queue.
    func messageCount(_ queue: String) async throws -> Int {
        Int(try await queueDeclare(queue, passive: true).messageCount)
    }
}
