import AMQPBlocking
import AdapterKit
import BrokerSupport
import Testing

/// One read brings an answer and the end behind it.
@Suite(.timeLimit(.minutes(2))) struct SameTurnTests {
    private static let connectionClose = Method.connectionClose(
        ConnectionClose(replyCode: 320, replyText: "CONNECTION_FORCED"))
    private static let channelClose = Method.channelClose(
        ChannelClose(replyCode: 504, replyText: "CHANNEL_ERROR", classID: 0, methodID: 0))

    /// A broker that answers one method, and ends the channel, or else the connection, in the same piece.
    private static func script(
        ending closesChannel: Bool, behind answer: @escaping @Sendable (Method) -> Method?
    ) -> BrokerScript {
        BrokerScript { broker, received in
            guard let answer = answer(received.method) else { return false }
            let end = closesChannel ? (channelClose, channel: received.channel) : (connectionClose, channel: 0)
            broker.sendTogether([(answer, channel: received.channel), end])
            return true
        }
    }

    @Test func `a connection that ends as soon as it is open is not opened, and says why`() async throws {
        let script = Self.script(ending: false) { method in
            if case .connectionOpen = method { .connectionOpenOK(ConnectionOpenOK()) } else { nil }
        }
        try await scripted(script) { parameters, _ in
            let error = failure { _ = try BlockingConnection(parameters) }
            #expect(error?.code == .connectionClosedByBroker && error?.replyCode == 320)
        }
    }

    @Test(arguments: [true, false])
    func `a channel that ends as soon as it is open is not opened, and says why`(closesChannel: Bool) async throws {
        let script = Self.script(ending: closesChannel) { method in
            if case .channelOpen = method { .channelOpenOK(ChannelOpenOK()) } else { nil }
        }
        try await scripted(script) { parameters, _ in
            weak var kept: BlockingConnection?
            do {
                let connection = try BlockingConnection(parameters)
                kept = connection
                let error = failure { _ = try connection.channel() }
                #expect(error?.code == (closesChannel ? .channelClosedByBroker : .connectionClosedByBroker))
                #expect(error?.replyCode == (closesChannel ? 504 : 320))
                #expect(connection.isOpen == closesChannel)
                // It has been told.
                if closesChannel { try connection.processDataEvents() }
                try connection.closeIfOpen()
            }
            #expect(kept == nil)
        }
    }

    @Test(arguments: [true, false])
    func `consuming throws when its channel ended with the answer`(closesChannel: Bool) async throws {
        let script = Self.script(ending: closesChannel) { method in
            guard case .basicConsume(let consume) = method else { return nil }
            return .basicConsumeOK(BasicConsumeOK(consumerTag: consume.consumerTag))
        }
        try await scripted(script) { parameters, _ in
            let connection = try BlockingConnection(parameters)
            let channel = try connection.channel()
            try channel.basicConsume("test") { _, _ in Issue.record("a handler ran") }
            let error = failure { try channel.startConsuming() }
            #expect(error?.code == (closesChannel ? .channelClosedByBroker : .connectionClosedByBroker))
            #expect(failure { try channel.startConsuming() }?.code == .channelWrongState)
            try connection.closeIfOpen()
        }
    }

    @Test(arguments: [true, false])
    func `a sequence has the reason when its channel ended with the answer`(closesChannel: Bool) async throws {
        let script = Self.script(ending: closesChannel) { method in
            guard case .basicConsume(let consume) = method else { return nil }
            return .basicConsumeOK(BasicConsumeOK(consumerTag: consume.consumerTag))
        }
        try await scripted(script) { parameters, _ in
            let connection = try BlockingConnection(parameters)
            let channel = try connection.channel()
            let deliveries = try channel.consume("test")
            for _ in deliveries { Issue.record("a message came") }
            let code = deliveries.failure?.code
            #expect(code == (closesChannel ? .channelClosedByBroker : .connectionClosedByBroker))
            #expect(failure { try channel.cancel() }?.replyCode == (closesChannel ? 504 : 320))
            try connection.closeIfOpen()
        }
    }

    @Test(arguments: [true, false])
    func `a publish whose confirm came with the end is confirmed`(closesChannel: Bool) async throws {
        var script = Self.script(ending: closesChannel) { method in
            if case .basicPublish = method { .basicAck(BasicAck(deliveryTag: 1, multiple: false)) } else { nil }
        }
        // The broker itself confirms nothing.
        let onMethod = script.onMethod
        script.onMethod = { broker, received in
            guard case .confirmSelect = received.method else { return onMethod(broker, received) }
            broker.send(.confirmSelectOK(ConfirmSelectOK()), channel: received.channel)
            return true
        }
        try await scripted(script) { parameters, _ in
            let connection = try BlockingConnection(parameters)
            let channel = try connection.channel()
            try channel.confirmSelect()
            try channel.basicPublish("x", routingKey: "test")
            #expect(channel.isClosed && connection.isOpen == closesChannel)
            let next = failure { try connection.processDataEvents() }
            #expect(next?.replyCode == (closesChannel ? 504 : 320))
            try connection.closeIfOpen()
        }
    }
}
