import AMQPBlocking
import AdapterKit
import BrokerSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct PublishingTests {
    @Test func `a confirmed publish that cannot be routed throws with the message`() async throws {
        try await connected { connection in
            let channel = try connection.channel()
            try channel.confirmSelect()
            let key = uniqueName()
            let error = failure { try channel.basicPublish("lost", routingKey: key, mandatory: true) }
            #expect(error?.code == .messageUnroutable && error?.replyCode == 312)
            #expect(error?.returnedMessages.map(\.body.text) == ["lost"])
            #expect(error?.returnedMessages.map(\.routingKey) == [key])
            try channel.basicPublish("dropped", routingKey: key)
            let name = try channel.queueDeclare(exclusive: true).queue
            try channel.basicPublish("kept", routingKey: name, mandatory: true)
            #expect(try channel.drain(name) == ["kept"])
        }
    }

    @Test func `confirm mode works after a message that came back without it`() async throws {
        try await connected { connection in
            let channel = try connection.channel()
            try channel.basicPublish("early", routingKey: uniqueName(), mandatory: true)
            try channel.confirmSelect()
            let name = try channel.queueDeclare(exclusive: true).queue
            try channel.basicPublish("kept", routingKey: name, mandatory: true)
            #expect(try channel.drain(name) == ["kept"])
            #expect(channel.returnedMessages.map(\.body.text) == ["early"])
        }
    }

    @Test func `messages that cannot be routed come back to the callback without confirm mode`() async throws {
        try await connected { connection in
            let channel = try connection.channel()
            let notes = Notes<String>()
            channel.onReturn { channel, message in
                notes.add("\(channel.channelNumber) \(message.replyCode) \(message.body.text)")
            }
            let key = uniqueName()
            try channel.basicPublish("one", routingKey: key, mandatory: true)
            try channel.basicPublish("two", routingKey: key, mandatory: true)
            try channel.basicQos(prefetchCount: 1)
            #expect(notes.all.isEmpty && channel.returnedMessages.isEmpty)
            try connection.serve { notes.all.count == 2 }
            #expect(notes.all == ["1 312 one", "1 312 two"])
        }
    }

    @Test func `a confirmed message that comes back reaches the callback too`() async throws {
        try await connected { connection in
            let channel = try connection.channel()
            try channel.confirmSelect()
            let notes = Notes<String>()
            let token = channel.onReturn { _, message in notes.add(message.body.text) }
            for body in ["one", "two"] {
                let error = failure { try channel.basicPublish(body, routingKey: uniqueName(), mandatory: true) }
                #expect(error?.code == .messageUnroutable)
            }
            #expect(notes.all.isEmpty)
            try connection.processDataEvents()
            #expect(notes.all == ["one", "two"])
            token.remove()
            _ = failure { try channel.basicPublish("three", routingKey: uniqueName(), mandatory: true) }
            try connection.processDataEvents()
            #expect(notes.all == ["one", "two"] && channel.returnedMessages.map(\.body.text) == ["three"])
        }
    }

    @Test func `a message is delivered while another one that came back waits for its callback`() async throws {
        try await queue { channel, queue in
            let notes = Notes<String>()
            channel.onReturn { _, message in notes.add("back \(message.body.text)") }
            try channel.basicPublish("lost", routingKey: uniqueName(), mandatory: true)
            try channel.basicPublish("kept", routingKey: queue)
            let delivery = try channel.connection.withChannel { other -> Delivery? in
                try channel.basicQos(prefetchCount: 0)
                return try other.basicGet(queue, autoAck: true)
            }
            #expect(delivery?.text == "kept" && notes.all.isEmpty)
            try channel.connection.processDataEvents()
            #expect(notes.all == ["back lost"])
        }
    }

    @Test func `confirmed messages are consumed one by one under a prefetch of one`() async throws {
        try await queue { channel, queue in
            try channel.confirmSelect()
            try channel.basicQos(prefetchCount: 1)
            let notes = Notes<String>()
            try channel.basicConsume(queue) { channel, delivery in
                notes.add(delivery.text)
                try channel.basicAck(delivery.tag)
            }
            for body in ["one", "two", "three"] { try channel.basicPublish(body, routingKey: queue, mandatory: true) }
            try channel.connection.serve { notes.all.count == 3 }
            #expect(notes.all == ["one", "two", "three"])
        }
    }

    @Test func `publishes without confirms arrive in order`() async throws {
        try await queue { channel, queue in
            for body in ["one", "two"] { try channel.basicPublish(body, routingKey: queue, mandatory: true) }
            let notes = Notes<String>()
            try channel.basicConsume(queue, autoAck: true) { _, delivery in notes.add(delivery.text) }
            try channel.connection.serve { notes.all.count == 2 }
            #expect(notes.all == ["one", "two"])
        }
    }

    @Test func `a consumer's handler can publish with confirms`() async throws {
        try await queue { channel, queue in
            try channel.confirmSelect()
            let target = try channel.queueDeclare(exclusive: true).queue
            try channel.basicConsume(queue) { channel, delivery in
                try channel.basicPublish("copy of \(delivery.text)", routingKey: target, mandatory: true)
                try channel.basicAck(delivery.tag)
            }
            let notes = Notes<String>()
            try channel.basicConsume(target, autoAck: true) { channel, delivery in
                notes.add(delivery.text)
                try channel.stopConsuming()
            }
            try channel.fill(queue, ["one"])
            try channel.startConsuming()
            #expect(notes.all == ["copy of one"])
        }
    }

    @Test func `a huge message goes through whole`() async throws {
        try await queue { channel, queue in
            let body = [UInt8]((0 ..< 3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 7) })
            try channel.basicPublish(body, routingKey: queue)
            let notes = Notes<ByteSlice>()
            try channel.basicConsume(queue) { channel, delivery in
                notes.add(delivery.body)
                try channel.basicAck(delivery.tag)
                try channel.stopConsuming()
            }
            try channel.startConsuming()
            #expect(notes.all == [ByteSlice(body)])
        }
    }

    @Test func `many messages go through in order`() async throws {
        try await queue { channel, queue in
            for number in 0 ..< 500 { try channel.basicPublish("\(number)", routingKey: queue) }
            var received: [String] = []
            for delivery in try channel.consume(queue) {
                received.append(delivery.text)
                try channel.basicAck(delivery.tag)
                if received.count == 500 { break }
            }
            #expect(received == (0 ..< 500).map(String.init))
            #expect(try channel.cancel().isEmpty)
        }
    }

    @Test func `a message that the broker refuses throws`() async throws {
        let script = BrokerScript { broker, received in
            guard received.method.id == .basicPublish else { return false }
            broker.send(
                .basicNack(BasicNack(deliveryTag: 1, multiple: false, requeue: false)), channel: received.channel)
            return false
        }
        try await scripted(script) { parameters, _ in
            try BlockingConnection.withConnection(parameters) { connection in
                let channel = try connection.channel()
                try channel.confirmSelect()
                let error = failure { try channel.basicPublish("x", routingKey: "q") }
                #expect(
                    error?.code == .messageNacked && error?.blame == .peer && error?.returnedMessages.isEmpty == true)
            }
        }
    }

    @Test func `a publish that is never confirmed ends at its deadline`() async throws {
        let script = BrokerScript { broker, received in
            guard received.method.id == .confirmSelect else { return false }
            // The mode is confirmed, and nothing that is published in it.
            broker.send(.confirmSelectOK(ConfirmSelectOK()), channel: received.channel)
            return true
        }
        try await scripted(script) { parameters, _ in
            try BlockingConnection.withConnection(parameters) { connection in
                let channel = try connection.channel()
                try channel.confirmSelect()
                channel.requestTimeout = .milliseconds(50)
                #expect(failure { try channel.basicPublish("x", routingKey: "q") }?.code == .deadlineExceeded)
                #expect(connection.isOpen)
            }
        }
    }

    @Test func `confirm mode can be asked for twice`() async throws {
        try await connected { connection in
            let channel = try connection.channel()
            try channel.confirmSelect()
            try channel.confirmSelect()
            #expect(channel.isConfirming && channel.isOpen)
        }
    }

    @Test func `a publish to an exchange that does not exist closes the channel with the reason`() async throws {
        try await connected { connection in
            let channel = try connection.channel()
            try channel.confirmSelect()
            let error = failure { try channel.basicPublish("x", exchange: uniqueName(), routingKey: "q") }
            #expect(error?.code == .channelClosedByBroker && error?.replyCode == 404)
            let unconfirmed = try connection.channel()
            try unconfirmed.basicPublish("x", exchange: uniqueName(), routingKey: "q")
            #expect(failure { try connection.serve { unconfirmed.isClosed } }?.replyCode == 404)
            #expect(failure { try unconfirmed.basicPublish("x", routingKey: "q") }?.code == .channelWrongState)
        }
    }
}
