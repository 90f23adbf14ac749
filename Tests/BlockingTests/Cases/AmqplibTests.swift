@testable import AMQPBlocking
import AdapterKit
import BrokerSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(2))) struct AmqplibTests {
    @Test func `a connection opens with amqplib's arguments`() async throws {
        try await onOwnThread {
            let parameters = try TestBroker.parameters()
            let connection = try BlockingConnection.connect(host: "127.0.0.1:\(parameters.port)")
            #expect(connection.isAlive && connection.parameters.port == parameters.port)
            #expect(connection.parameters.credentials is AMQPlainCredentials)
            try connection.close()
            #expect(!connection.isAlive)
            for host in ["", ":", "host:", "host:x", "host:99999", "[::1", "[::1]5672", "host:0"] {
                #expect(failure { _ = try BlockingConnection.connect(host: host) }?.code == .invalidArgument)
            }
            let method = failure { _ = try BlockingConnection.connect(loginMethod: "GSSAPI") }
            #expect(method?.code == .invalidArgument)
        }
    }

    @Test func `what is waited for comes behind thousands of messages for another channel`() async throws {
        try await queue { channel, queue in
            let body = String(repeating: "x", count: 1_000)
            for _ in 0 ..< 5_000 { try channel.basicPublish(body, routingKey: queue) }
            while try channel.queueDeclare(queue, passive: true).messageCount < 5_000 {}
            let other = try channel.connection.channel()
            var returned = 0
            other.onReturn { _, _ in returned += 1 }
            try channel.basicConsume(queue, autoAck: true) { _, _ in }
            try other.basicPublish("x", routingKey: "nowhere.at.all", mandatory: true)
            let method = try other.wait(for: [.basicReturn], timeout: .seconds(30))
            #expect(method == .basicReturn && returned == 1)
        }
    }

    @Test func `the same number gives the same channel while it is open`() async throws {
        try await connected { connection in
            let channel = try connection.channel(id: 3)
            #expect(channel.channelID == 3)
            #expect(try connection.channel(id: 3) === channel)
            try channel.close()
            let other = try connection.channel(id: 3)
            #expect(other !== channel && other.isOpen)
        }
    }

    @Test func `a text message is sent as its content encoding says and read as text again`() async throws {
        try await queue { channel, queue in
            let text = "Grüße, 象"
            for (encoding, count) in [(nil, 12), ("UTF-8", 12), ("utf-16le", 16), ("utf-16be", 16)] {
                var message = Message(text)
                message.contentEncoding = encoding
                try channel.basicPublish(message, routingKey: queue)
                channel.autoDecode = false
                let raw = try #require(try channel.getMessage(queue, autoAck: true))
                #expect(raw.contentEncoding == encoding ?? "UTF-8")
                guard case .bytes(let bytes) = raw.body else { throw Mishap() }
                #expect(bytes.count == count)
                channel.autoDecode = true
                try channel.basicPublish(message, routingKey: queue)
                #expect(try channel.getMessage(queue, autoAck: true)?.text == text)
            }
            try channel.basicPublish(
                Message("naïve", properties: MessageProperties(contentEncoding: "latin-1")), routingKey: queue)
            #expect(try channel.getMessage(queue, autoAck: true)?.text == "naïve")
        }
    }

    @Test func `a text that cannot be encoded is refused before anything is sent`() async throws {
        try await queue { channel, queue in
            for encoding in ["latin-1", "us-ascii", "klingon"] {
                let message = Message("象", properties: MessageProperties(contentEncoding: encoding))
                #expect(failure { try channel.basicPublish(message, routingKey: queue) }?.code == .invalidArgument)
            }
            let left = try channel.drain(queue)
            #expect(left.isEmpty)
        }
    }

    @Test func `a body that is not in its content encoding stays bytes`() async throws {
        try await queue { channel, queue in
            for (encoding, bytes) in [
                ("utf-8", [0xFF, 0xFE]), ("ascii", [0x80]), ("utf-16le", [1]), ("gzip", [1, 2]),
            ] {
                let message = Message(
                    ByteSlice(bytes.map { UInt8($0) }), properties: MessageProperties(contentEncoding: encoding))
                try channel.basicPublish(message, routingKey: queue)
                let received = try #require(try channel.getMessage(queue, autoAck: true))
                #expect(received == message && received.text == nil && received.deliveryInfo != nil)
            }
        }
    }

    @Test func `headers keep nested tables, decimals and dates`() async throws {
        try await queue { channel, queue in
            let headers: FieldTable = [
                "text": "value", "number": 7, "decimal": .decimal(FieldDecimal(scale: 2, value: 314)),
                "date": .timestamp(1_700_000_000), "table": .table(["inner": .array([1, "two"])]),
            ]
            let message = Message("x", properties: MessageProperties(headers: headers, messageID: "id"))
            try channel.basicPublish(message, routingKey: queue)
            let received = try #require(try channel.getMessage(queue, autoAck: true))
            #expect(received.headers == headers && received.messageID == "id" && received.text == "x")
        }
    }

    @Test func `a received message knows where it was delivered`() async throws {
        try await queue { channel, queue in
            try channel.basicPublish(Message("one"), routingKey: queue)
            try channel.basicPublish(Message("two"), routingKey: queue)
            let first = try #require(try channel.getMessage(queue)?.deliveryInfo)
            #expect(first.routingKey == queue && first.exchange == "" && first.messageCount == 1)
            #expect(first.channelID == channel.channelID && first.consumerTag == nil && !first.redelivered)
            try channel.basicAck(first.deliveryTag)
            let notes = Notes<Message>()
            let tag = try channel.consumeMessages(queue, autoAck: true) { _, message in notes.add(message) }
            try channel.wait()
            let second = try #require(notes.all.first)
            #expect(second.deliveryInfo?.consumerTag == tag && second.deliveryInfo?.messageCount == nil)
            #expect(second.text == "two" && "\(second)".contains("3 bytes"))
        }
    }

    @Test func `waiting goes on as long as there are callbacks`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one", "two", "quit"])
            let notes = Notes<String>()
            let tag = try channel.consumeMessages(queue) { channel, message in
                notes.add(message.text ?? "bytes")
                guard let tag = message.deliveryInfo?.deliveryTag else { throw Mishap() }
                try channel.basicAck(tag)
                if notes.all.count == 3 { try channel.stopConsuming() }
            }
            #expect(Array(channel.callbacks.keys) == [tag])
            channel.autoDecode = false
            while !channel.callbacks.isEmpty { #expect(try channel.wait() == .basicDeliver) }
            #expect(notes.all.count == 3)
        }
    }

    @Test func `waiting for one method keeps the others in order`() async throws {
        try await queue { channel, queue in
            let notes = Notes<String>()
            channel.onReturn { _, message in notes.add("back \(message.body.text)") }
            try channel.basicConsume(queue, autoAck: true) { _, delivery in notes.add(delivery.text) }
            try channel.fill(queue, ["one", "two"])
            try channel.basicPublish("lost", routingKey: uniqueName(), mandatory: true)
            #expect(try channel.wait(for: [.basicReturn], timeout: .seconds(20)) == .basicReturn)
            #expect(notes.all == ["back lost"])
            #expect(try channel.wait(timeout: .seconds(20)) == .basicDeliver)
            #expect(try channel.wait(for: [.basicDeliver], timeout: .seconds(20)) == .basicDeliver)
            #expect(notes.all == ["back lost", "one", "two"])
            #expect(failure { try channel.wait(timeout: .milliseconds(5)) }?.code == .deadlineExceeded)
        }
    }

    @Test func `what other threads post, and timers, run while one method is waited for`() async throws {
        try await queue { channel, queue in
            let notes = Notes<String>()
            let mailbox = channel.mailbox
            try channel.basicQos(prefetchCount: 1)
            try channel.basicConsume(queue) { _, delivery in
                notes.add(delivery.text)
                Thread.detachNewThread {
                    try? mailbox.addCallbackThreadsafe { try $0.basicAck(delivery.tag) }
                }
            }
            channel.connection.callLater(.zero) { _ in notes.add("timer") }
            try channel.fill(queue, ["one", "two", "three"])
            for _ in 0 ..< 3 { #expect(try channel.wait(for: [.basicDeliver], timeout: .seconds(20)) == .basicDeliver) }
            #expect(notes.all.filter { $0 != "timer" } == ["one", "two", "three"])
            #expect(notes.all.contains("timer"))
            channel.connection.callLater(.milliseconds(1)) { _ in throw Mishap(number: 4) }
            #expect(failure { try channel.wait(timeout: .seconds(20)) }?.underlying as? Mishap == Mishap(number: 4))
        }
    }

    @Test func `waiting takes what is there before it reads more`() async throws {
        try await queue { channel, queue in
            let count = 4000
            let body = String(repeating: "x", count: 1024)
            try channel.fill(queue, Array(repeating: body, count: count))
            var handled = 0
            var most = 0
            try channel.basicConsume(queue, autoAck: true) { _, _ in handled += 1 }
            while handled < count {
                try channel.wait(timeout: .seconds(20))
                most = max(most, channel.connection.events.count)
            }
            #expect(most < count / 2, "\(most) messages waited")
        }
    }

    @Test func `waiting ends when the channel does`() async throws {
        try await connected { connection in
            let channel = try connection.channel()
            try channel.basicAck(99)
            #expect(failure { try channel.wait(timeout: .seconds(20)) }?.replyCode == 406)
        }
    }

    @Test func `draining tells whether something came`() async throws {
        try await connected { connection in
            #expect(failure { try connection.drainEvents(timeout: .milliseconds(5)) }?.code == .deadlineExceeded)
            let notes = Notes<Int>()
            connection.callLater(.milliseconds(1)) { _ in notes.add(1) }
            try connection.drainEvents(timeout: .seconds(20))
            #expect(notes.all == [1])
        }
    }

    @Test func `the ticket of an access request is carried by the methods behind it`() async throws {
        let script = BrokerScript { broker, received in
            guard received.method.id == .accessRequest else { return false }
            broker.send(.accessRequestOK(AccessRequestOK(ticket: 42)), channel: received.channel)
            return true
        }
        try await scripted(script) { parameters, record in
            try BlockingConnection.withConnection(parameters) { connection in
                let channel = try connection.channel()
                #expect(try channel.accessRequest("/data", active: true, write: true) == 42)
                try channel.queueDeclare("q")
                try channel.queueBind("q", exchange: "amq.direct")
                try channel.basicPublish("x", routingKey: "q")
                _ = try channel.basicGet("q")
                try channel.basicConsume("q") { _, _ in }
                try channel.exchangeDeclare("e")
                try connection.withChannel { try $0.queueDeclare("other") }
            }
            let tickets = record.methods.compactMap { received -> UInt16? in
                switch received.method {
                case .queueDeclare(let method): method.ticket
                case .queueBind(let method): method.ticket
                case .basicPublish(let method): method.ticket
                case .basicGet(let method): method.ticket
                case .basicConsume(let method): method.ticket
                case .exchangeDeclare(let method): method.ticket
                default: nil
                }
            }
            #expect(tickets == [42, 42, 42, 42, 42, 42, 0])
        }
    }
}
