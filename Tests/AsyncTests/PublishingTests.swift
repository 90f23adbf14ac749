@testable import AMQPAsync
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct PublishingTests {
    @Test func `publishes wait in order while the gate is shut`() async throws {
        try await withQueue { channel, queue in
            try await channel.confirmSelect()
            // The gate is shut as long as the one publish that is allowed is not confirmed.
            try await channel.run { $0.unconfirmedLimit = 1 }
            for number in 0 ..< 50 { try await channel.publish("\(number)", routingKey: queue) }
            try await channel.run { $0.unconfirmedLimit = nil }
            var texts: [String] = []
            for try await delivery in try await channel.basicConsume(queue, autoAck: true) {
                texts.append(delivery.text)
                if texts.count == 50 { break }
            }
            #expect(texts == (0 ..< 50).map(String.init))
        }
    }

    @Test func `whoever waits at the gate can be cancelled, and has published nothing`() async throws {
        try await withQueue { channel, queue in
            try await channel.confirmSelect()
            try await channel.run { $0.unconfirmedLimit = 0 }
            let tasks = (0 ..< 10).map { number in
                Task { try await channel.publish("\(number)", routingKey: queue) }
            }
            try await waitUntil("they wait") { try await channel.run { !$0.mayPublish } }
            for task in tasks.prefix(9) { task.cancel() }
            for task in tasks.prefix(9) {
                await #expect { try await task.value } throws: { ($0 as? AMQPError)?.code == .cancelled }
            }
            try await channel.run { $0.unconfirmedLimit = nil }
            #expect(try await tasks[9].value == 1)
            try await waitUntil("it has arrived") { try await channel.messageCount(queue) == 1 }
        }
    }

    @Test func `whoever waits at the gate hears of the channel's end`() async throws {
        try await withQueue { channel, queue in
            try await channel.run { $0.unconfirmedLimit = 0 }
            let task = Task { try await channel.publish("x", routingKey: queue) }
            try await waitUntil("it waits") { try await channel.seat.reply { $1.finish(.success($0.line.count == 1)) } }
            try await channel.close()
            await #expect { try await task.value } throws: { ($0 as? AMQPError)?.code == .channelWrongState }
        }
    }

    @Test func `a publish outside confirm mode has no outcome`() async throws {
        try await withQueue { channel, queue in
            await #expect { try await channel.publishConfirmed("x", routingKey: queue) } throws: {
                ($0 as? AMQPError)?.code == .channelWrongState
            }
            let sequence = try await channel.publish("x", routingKey: queue)
            #expect(sequence == nil)
        }
    }
}
