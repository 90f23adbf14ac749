#if ServiceLifecycle
import AMQPAsync
import BrokerSupport
import Logging
import ServiceLifecycle
import Synchronization
import Testing

/// Connections in service groups; with the package trait `ServiceLifecycle`.
@Suite(.timeLimit(.minutes(1))) struct ServiceTests {
    /// Consumes until the group shuts down.
    private struct Consumer: Service {
        let deliveries: Deliveries
        let texts = AsyncStream.makeStream(of: String.self)

        func run() async throws {
            for try await delivery in deliveries.cancelOnGracefulShutdown() {
                deliveries.channel.basicAck(delivery.tag)
                texts.continuation.yield(delivery.text)
            }
            texts.continuation.finish()
        }
    }

    private func group(_ services: any Service...) -> ServiceGroup {
        ServiceGroup(services: services, logger: Logger(label: "test"))
    }

    @Test func `a shutdown ends the consumer, then closes the connection`() async throws {
        let connection = try await AMQP.connect(try TestBroker.url)
        let channel = try await connection.channel()
        let queue = try await channel.queueDeclare(exclusive: true).queue
        let consumer = Consumer(deliveries: try await channel.basicConsume(queue))
        let group = group(connection, consumer)
        let running = Task { try await group.run() }
        for number in 0 ..< 10 { try await channel.publish("\(number)", routingKey: queue) }
        var texts: [String] = []
        for await text in consumer.texts.stream {
            texts.append(text)
            if texts.count == 10 { await group.triggerGracefulShutdown() }
        }
        try await running.value
        #expect(texts == (0 ..< 10).map(String.init))
        #expect(try await connection.closed().code == .connectionClosedByClient)
    }

    @Test func `a connection that is lost ends its group with the reason`() async throws {
        let connection = try await AMQP.connect(try TestBroker.url)
        let group = group(connection)
        let running = Task { try await group.run() }
        let channel = try await connection.channel()
        // An exchange type that the broker does not know is an error of the connection.
        await #expect { try await channel.exchangeDeclare("x", type: "x-unknown") } throws: {
            ($0 as? AMQPError)?.code == .connectionClosedByBroker
        }
        await #expect { try await running.value } throws: { ($0 as? AMQPError)?.replyCode == 503 }
    }

    @Test func `a connection whose task is cancelled is closed`() async throws {
        let connection = try await AMQP.connect(try TestBroker.url)
        let running = Task { try await connection.run() }
        running.cancel()
        await #expect { try await running.value } throws: { ($0 as? AMQPError)?.code == .cancelled }
        #expect(try await connection.closed().code == .connectionClosedByClient)
    }
}
#endif
