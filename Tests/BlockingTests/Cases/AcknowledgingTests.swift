import AMQPBlocking
import AdapterKit
import BrokerSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(2))) struct AcknowledgingTests {
    @Test func `a message is fetched, and an empty queue has none`() async throws {
        try await queue { channel, queue in
            #expect(try channel.basicGet(queue) == nil)
            try channel.fill(queue, ["one", "two"])
            let delivery = try #require(try channel.basicGet(queue))
            #expect(delivery.text == "one" && delivery.messageCount == 1 && !delivery.isRedelivered)
            #expect(delivery.exchange == "" && delivery.routingKey == queue && delivery.consumerTag == nil)
            try channel.basicAck(delivery.tag)
            #expect(try channel.drain(queue) == ["two"])
        }
    }

    /// Fetches the messages that there are and must be, in order.
    private static func get(_ channel: BlockingChannel, _ queue: String, _ count: Int) throws -> [Delivery] {
        var deliveries: [Delivery] = []
        try channel.connection.serve {
            while let delivery = try? channel.basicGet(queue) { deliveries.append(delivery) }
            return deliveries.count >= count
        }
        return deliveries
    }

    @Test func `a rejected message goes back to its queue`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one", "two"])
            let first = try #require(try channel.basicGet(queue))
            let second = try #require(try channel.basicGet(queue))
            try channel.basicAck(first.tag)
            try channel.basicReject(second.tag, requeue: true)
            let again = try Self.get(channel, queue, 1)
            #expect(again.map(\.text) == ["two"] && again.map(\.isRedelivered) == [true])
        }
    }

    @Test func `a message rejected without requeue is gone`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one", "two"])
            let deliveries = try Self.get(channel, queue, 2)
            try channel.basicAck(deliveries[0].tag)
            try channel.basicReject(deliveries[1].tag, requeue: false)
            try channel.close()
            #expect(try channel.connection.left(in: queue).isEmpty)
        }
    }

    @Test func `a refused message goes back to its queue`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one", "two"])
            let deliveries = try Self.get(channel, queue, 2)
            try channel.basicAck(deliveries[0].tag)
            try channel.basicNack(deliveries[1].tag)
            #expect(try Self.get(channel, queue, 1).map(\.text) == ["two"])
        }
    }

    @Test func `a message refused without requeue is gone`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one", "two"])
            let deliveries = try Self.get(channel, queue, 2)
            try channel.basicAck(deliveries[0].tag)
            try channel.basicNack(deliveries[1].tag, requeue: false)
            try channel.close()
            #expect(try channel.connection.left(in: queue).isEmpty)
        }
    }

    @Test func `several messages are refused at once`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one", "two"])
            let deliveries = try Self.get(channel, queue, 2)
            try channel.basicNack(deliveries[1].tag, multiple: true)
            #expect(try Self.get(channel, queue, 2).map(\.text) == ["one", "two"])
        }
    }

    @Test func `recovering has the unacknowledged messages delivered again`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one", "two"])
            _ = try Self.get(channel, queue, 2)
            try channel.basicRecover()
            let again = try Self.get(channel, queue, 2)
            #expect(again.map(\.text) == ["one", "two"] && again.allSatisfy(\.isRedelivered))
            #expect(failure { try channel.basicRecover(requeue: false) }?.code == .notSupported)
            try channel.basicRecoverAsync()
            #expect(try Self.get(channel, queue, 2).count == 2)
        }
    }

    @Test func `a commit makes publishes visible`() async throws {
        try await queue { channel, queue in
            try channel.txSelect()
            try channel.basicPublish("one", routingKey: queue, mandatory: true)
            #expect(try channel.basicGet(queue) == nil)
            try channel.txCommit()
            let delivery = try #require(try channel.basicGet(queue, autoAck: true))
            #expect(delivery.text == "one")
        }
    }

    @Test func `a rollback drops publishes`() async throws {
        try await queue { channel, queue in
            try channel.txSelect()
            try channel.basicPublish("one", routingKey: queue, mandatory: true)
            try channel.txRollback()
            try channel.txCommit()
            #expect(try channel.basicGet(queue) == nil)
        }
    }

    @Test func `unacknowledged messages go back when the channel closes`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one"])
            try channel.basicConsume(queue) { _, _ in }
            try channel.connection.processDataEvents(timeLimit: .seconds(10))
            try channel.close()
            try channel.connection.withChannel { channel in
                let again = try Self.get(channel, queue, 1)
                #expect(again.map(\.text) == ["one"] && again.map(\.isRedelivered) == [true])
            }
        }
    }

    @Test func `messages that count as acknowledged do not go back when the channel closes`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one"])
            try channel.basicConsume(queue, autoAck: true) { _, _ in }
            try channel.connection.processDataEvents(timeLimit: .seconds(10))
            try channel.close()
            #expect(try channel.connection.left(in: queue).isEmpty)
        }
    }

    @Test func `an acknowledgement leaves before the call returns`() async throws {
        try await onOwnThread {
            let server = try BrokerServer()
            defer { server.close() }
            let parameters = ConnectionParameters(host: "127.0.0.1", port: server.port)
            let connection = try BlockingConnection(parameters)
            let channel = try connection.channel()
            try channel.basicAck(1)
            try channel.basicNack(2)
            try channel.basicReject(3)
            try channel.basicPublish("x", routingKey: "q")
            // The calls have returned; nothing of this connection runs while the broker is looked at.
            let expected = ["basic.ack", "basic.nack", "basic.reject", "basic.publish"]
            let end = ContinuousClock.now.advanced(by: .seconds(20))
            while server.record.messages.isEmpty, ContinuousClock.now < end { usleep(1000) }
            #expect(server.record.methodNames.suffix(4) == expected)
            try connection.close()
        }
    }
}
