import AMQPBlocking
import AdapterKit
import BrokerSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct ChannelTests {
    @Test func `a channel opens and closes`() async throws {
        try await connected { connection in
            let channel = try connection.channel()
            #expect(channel.isOpen && channel.channelNumber == 1 && channel.connection === connection)
            #expect("\(channel)".contains("channel 1"))
            try channel.close()
            #expect(channel.isClosed && !channel.isOpen)
            #expect(try connection.channel().channelNumber == 1)
        }
    }

    @Test func `closing a closed channel is refused`() async throws {
        try await connected { connection in
            let channel = try connection.channel()
            try channel.close()
            #expect(failure { try channel.close() }?.code == .channelWrongState)
            try channel.closeIfOpen()
        }
    }

    @Test func `a channel number that is in use is refused`() async throws {
        try await connected { connection in
            let channel = try connection.channel(number: 7)
            #expect(channel.channelNumber == 7)
            #expect(failure { _ = try connection.channel(number: 7) }?.code == .channelNumberInUse)
            #expect(channel.isOpen)
        }
    }

    @Test func `withChannel closes the channel`() async throws {
        try await connected { connection in
            let channel = try connection.withChannel { channel in
                #expect(channel.isOpen)
                return channel
            }
            #expect(channel.isClosed && connection.isOpen)
            var other: BlockingChannel?
            #expect(throws: Mishap()) {
                try connection.withChannel { channel in
                    other = channel
                    throw Mishap()
                }
            }
            #expect(other?.isClosed == true)
        }
    }

    @Test func `withChannel survives a channel that is closed already`() async throws {
        try await connected { connection in
            try connection.withChannel { channel in try channel.close() }
            #expect(connection.isOpen)
        }
    }

    @Test func `withChannel passes on that the broker closed the channel`() async throws {
        try await connected { connection in
            let error = failure {
                _ = try connection.withChannel { channel in try channel.queueDeclare(uniqueName(), passive: true) }
            }
            #expect(error?.code == .channelClosedByBroker && error?.replyCode == 404)
            #expect(connection.isOpen)
        }
    }

    @Test func `a callback hears of the flow that the broker asks for`() async throws {
        let script = BrokerScript { broker, received in
            if received.method.id == .basicQos {
                broker.send(.channelFlow(ChannelFlow(active: false)), channel: received.channel)
            }
            return false
        }
        try await scripted(script) { parameters, _ in
            try BlockingConnection.withConnection(parameters) { connection in
                let channel = try connection.channel()
                let notes = Notes<Bool>()
                channel.onFlow { _, isActive in notes.add(isActive) }
                try channel.basicQos(prefetchCount: 1)
                try connection.processDataEvents()
                #expect(notes.all == [false] && !channel.isFlowActive)
            }
        }
    }
}
