import AMQPBlocking
import BrokerSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct TopologyTests {
    @Test func `an exchange is declared and deleted`() async throws {
        try await connected { connection in
            let channel = try connection.channel()
            let name = uniqueName()
            try channel.exchangeDeclare(name, type: .direct)
            try channel.exchangeDeclare(name, passive: true)
            try channel.exchangeDelete(name)
            let error = failure { try channel.exchangeDeclare(name, passive: true) }
            #expect(error?.code == .channelClosedByBroker && error?.replyCode == 404)
        }
    }

    @Test func `an exchange is bound to another and unbound`() async throws {
        try await queue { channel, queue in
            let (source, destination) = (uniqueName(), uniqueName())
            try channel.exchangeDeclare(source, autoDelete: true)
            try channel.exchangeDeclare(destination, autoDelete: true)
            try channel.exchangeBind(destination: destination, source: source, routingKey: "key")
            try channel.queueBind(queue, exchange: destination, routingKey: "key")
            try channel.confirmSelect()
            try channel.basicPublish("one", exchange: source, routingKey: "key", mandatory: true)
            #expect(try channel.drain(queue) == ["one"])
            // The source would end with its last binding.
            let other = try channel.queueDeclare(exclusive: true).queue
            try channel.queueBind(other, exchange: source, routingKey: "other")
            try channel.exchangeUnbind(destination: destination, source: source, routingKey: "key")
            let error = failure {
                try channel.basicPublish("two", exchange: source, routingKey: "key", mandatory: true)
            }
            #expect(error?.code == .messageUnroutable)
            try channel.exchangeDelete(source)
            try channel.exchangeDelete(destination)
        }
    }

    @Test func `a queue is declared and deleted`() async throws {
        try await connected { connection in
            let channel = try connection.channel()
            let name = uniqueName()
            #expect(try channel.queueDeclare(name) == QueueDeclareOK(queue: name, messageCount: 0, consumerCount: 0))
            #expect(try channel.queueDeclare(name, passive: true).queue == name)
            try channel.fill(name, ["one"])
            #expect(failure { try connection.channel().queueDelete(name, ifEmpty: true) }?.replyCode == 406)
            #expect(try channel.queueDelete(name).messageCount == 1)
            #expect(failure { try channel.queueDeclare(name, passive: true) }?.replyCode == 404)
        }
    }

    @Test func `a passive declare of an unknown queue closes the channel`() async throws {
        try await connected { connection in
            let channel = try connection.channel()
            let error = failure { try channel.queueDeclare(uniqueName(), passive: true) }
            #expect(error?.code == .channelClosedByBroker && error?.replyCode == 404 && error?.method == .queueDeclare)
            #expect(channel.isClosed && connection.isOpen)
        }
    }

    @Test func `a queue is bound, unbound and purged`() async throws {
        try await queue { channel, queue in
            let exchange = uniqueName()
            try channel.exchangeDeclare(exchange)
            defer { _ = try? channel.exchangeDelete(exchange) }
            try channel.queueBind(queue, exchange: exchange, routingKey: "key")
            try channel.confirmSelect()
            try channel.basicPublish("one", exchange: exchange, routingKey: "key", mandatory: true)
            #expect(try channel.basicGet(queue, autoAck: true)?.text == "one")
            try channel.queueUnbind(queue, exchange: exchange, routingKey: "key")
            let error = failure {
                try channel.basicPublish("two", exchange: exchange, routingKey: "key", mandatory: true)
            }
            #expect(error?.code == .messageUnroutable)
            try channel.fill(queue, ["three", "four"])
            #expect(try channel.queuePurge(queue).messageCount == 2)
            #expect(try channel.drain(queue).isEmpty)
        }
    }

    @Test func `a closed channel declares nothing`() async throws {
        try await connected { connection in
            let channel = try connection.channel()
            try channel.close()
            #expect(failure { try channel.queueDeclare(uniqueName()) }?.code == .channelWrongState)
            #expect(failure { try channel.basicAck(1) }?.code == .channelWrongState)
            #expect(failure { try channel.basicPublish("x", routingKey: "q") }?.code == .channelWrongState)
            #expect(failure { try channel.basicCancel("x") }?.code == .channelWrongState)
            #expect(failure { try channel.wait(timeout: .zero) }?.code == .channelWrongState)
        }
    }

    @Test func `the flow of a channel can be asked for`() async throws {
        try await connected { connection in
            let channel = try connection.channel()
            #expect(try channel.flow(active: true))
            #expect(channel.isFlowActive)
        }
    }
}
