import AMQPBlocking
import AdapterKit
import BrokerSupport
import Testing

/// A connection that is over keeps nothing alive, not even itself.
@Suite(.timeLimit(.minutes(2))) struct LifetimeTests {
    @Test func `a channel's end that nobody was told of does not keep the connection`() async throws {
        try await onOwnThread {
            weak var kept: BlockingConnection?
            do {
                let connection = try BlockingConnection(TestBroker.parameters())
                kept = connection
                let channel = try connection.channel()
                try channel.basicPublish("x", exchange: uniqueName("missing"), routingKey: "y")
                let other = try connection.channel()
                let end = ContinuousClock.now.advanced(by: .seconds(20))
                while channel.isOpen, ContinuousClock.now < end { try other.basicQos(prefetchCount: 1) }
                #expect(channel.isClosed)
                try connection.close()
            }
            #expect(kept == nil)
        }
    }

    @Test func `a stream that is lost beside events that wait does not keep the connection`() async throws {
        let script = BrokerScript { broker, received in
            switch received.method {
            case .basicConsume(let consume):
                let ok = BasicConsumeOK(consumerTag: consume.consumerTag)
                broker.send(.basicConsumeOK(ok), channel: received.channel)
                for _ in 1 ... 3 {
                    broker.deliver(
                        BrokerMessage(routingKey: "test", body: ByteSlice([1])), tag: consume.consumerTag,
                        channel: received.channel)
                }
                return true
            case .basicPublish:
                broker.end(.reset)
                return true
            default: return false
            }
        }
        try await scripted(script) { parameters, _ in
            weak var kept: BlockingConnection?
            do {
                let connection = try BlockingConnection(parameters)
                kept = connection
                let channel = try connection.channel()
                connection.callLater(.zero) { _ in Issue.record("a callback ran") }
                try channel.basicConsume("test", autoAck: true) { _, _ in Issue.record("a handler ran") }
                try channel.basicQos(prefetchCount: 1)
                let end = ContinuousClock.now.advanced(by: .seconds(20))
                while channel.isOpen, ContinuousClock.now < end {
                    _ = failure { try channel.basicPublish("x", routingKey: "y") }
                }
                #expect(connection.isClosed)
            }
            #expect(kept == nil)
        }
    }
}
