@testable import AMQPBlocking
import AdapterKit
import BrokerSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct DeliverySequenceTests {
    @Test func `a sequence tells when no message has come for a while`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one"])
            var received: [String?] = []
            for delivery in try channel.consume(queue, inactivityTimeout: .milliseconds(50)) {
                received.append(delivery?.text)
                if let delivery { try channel.basicAck(delivery.tag) } else { break }
            }
            #expect(received.first == "one" && received.last == .some(nil))
            try channel.cancel()
        }
    }

    @Test func `a sequence goes on where the last loop left it`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one", "two", "three"])
            var received: [String] = []
            for delivery in try channel.consume(queue, autoAck: true) {
                received.append(delivery.text)
                break
            }
            let other = failure { _ = try channel.consume(queue, autoAck: false) }
            #expect(other?.code == .invalidArgument && channel.isOpen)
            for delivery in try channel.consume(queue, autoAck: true) {
                received.append(delivery.text)
                if received.count == 3 { break }
            }
            #expect(received == ["one", "two", "three"])
            #expect(try channel.cancel().isEmpty)
            #expect(try channel.cancel().isEmpty)
        }
    }

    @Test func `cancelling a sequence gives its waiting messages back`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one", "two", "three"])
            for delivery in try channel.consume(queue) {
                try channel.basicAck(delivery.tag)
                try channel.connection.serve { channel.waitingMessageCount == 2 }
                #expect(try channel.cancel().isEmpty)
            }
            #expect(channel.waitingMessageCount == 0)
            var back: [String] = []
            try channel.connection.serve {
                if let bodies = try? channel.drain(queue) { back += bodies }
                return back.count == 2
            }
            #expect(back == ["two", "three"])
        }
    }

    @Test func `cancelling a sequence returns its waiting messages that count as acknowledged`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one", "two"])
            _ = try channel.consume(queue, autoAck: true)
            try channel.connection.serve { channel.waitingMessageCount == 2 }
            #expect(try channel.cancel().map(\.text) == ["one", "two"])
        }
    }

    @Test func `a sequence ends when the broker cancels its consumer`() async throws {
        try await queue { channel, queue in
            let notes = Notes<String>()
            channel.onCancel { _, tag in notes.add(tag) }
            try channel.fill(queue, ["one", "two"])
            var received: [String] = []
            let deliveries = try channel.consume(queue, autoAck: true, consumerTag: "tag")
            for delivery in deliveries {
                received.append(delivery.text)
                if delivery.text == "one" { try channel.connection.withChannel { _ = try $0.queueDelete(queue) } }
            }
            #expect(received.first == "one" && deliveries.failure == nil)
            #expect(try channel.cancel().isEmpty)
            try channel.connection.serve { notes.all == ["tag"] }
        }
    }

    @Test func `cancelling a sequence that the broker has cancelled is no error`() async throws {
        try await queue { channel, queue in
            for _ in 0 ..< 2 {
                let name = try channel.queueDeclare(exclusive: true).queue
                try channel.fill(name, ["one"])
                for delivery in try channel.consume(name) {
                    try channel.queueDelete(name)
                    try channel.basicAck(delivery.tag)
                    #expect(try channel.cancel().isEmpty)
                }
            }
            #expect(channel.isOpen)
        }
    }

    @Test func `a sequence ends with the reason when the broker closes the channel`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one"])
            let deliveries = try channel.consume(queue)
            for delivery in deliveries {
                try channel.basicAck(delivery.tag)
                try channel.basicAck(delivery.tag)
            }
            #expect(deliveries.failure?.code == .channelClosedByBroker)
            #expect(deliveries.failure?.replyCode == 406 && channel.connection.isOpen)
            #expect(failure { try channel.cancel() }?.replyCode == 406)
            #expect(try channel.cancel().isEmpty)
            #expect(failure { _ = try channel.consume(queue) }?.code == .channelWrongState)
        }
    }

    @Test func `callbacks run while a sequence waits`() async throws {
        try await queue { channel, queue in
            let notes = Notes<String>()
            channel.connection.callLater(.milliseconds(5)) { connection in
                notes.add("timer")
                try connection.withChannel { try $0.basicPublish("one", routingKey: queue) }
            }
            for delivery in try channel.consume(queue, autoAck: true) {
                notes.add(delivery.text)
                try channel.cancel()
            }
            #expect(notes.all == ["timer", "one"])
        }
    }

    @Test func `an error of a callback ends a sequence, and the next loop goes on`() async throws {
        try await queue { channel, queue in
            channel.connection.callLater(.zero) { _ in throw Mishap(number: 9) }
            let deliveries = try channel.consume(queue, autoAck: true)
            for _ in deliveries { Issue.record("no message was published") }
            #expect(deliveries.failure?.underlying as? Mishap == Mishap(number: 9))
            try channel.fill(queue, ["one"])
            for delivery in try channel.consume(queue, autoAck: true) {
                #expect(delivery.text == "one")
                break
            }
            try channel.cancel()
        }
    }

    @Test func `an error that nobody has looked at is thrown by the next loop`() async throws {
        try await queue { channel, queue in
            channel.connection.callLater(.zero) { _ in throw Mishap(number: 9) }
            for _ in try channel.consume(queue, autoAck: true) { Issue.record("no message was published") }
            let thrown = failure { _ = try channel.consume(queue, autoAck: true) }
            #expect(thrown?.underlying as? Mishap == Mishap(number: 9))
            try channel.fill(queue, ["one"])
            for delivery in try channel.consume(queue, autoAck: true) {
                #expect(delivery.text == "one")
                break
            }
            try channel.cancel()
        }
    }

    @Test(arguments: [false, true])
    func `messages that have gone back with their channel are not given out`(isCancelledBefore: Bool) async throws {
        try await connected { connection in
            let name = uniqueName()
            let channel = try connection.channel()
            try channel.queueDeclare(name)
            try channel.fill(name, ["one", "two"])
            var deliveries = try channel.consume(name)
            try connection.serve { channel.waitingMessageCount == 2 }
            if isCancelledBefore {
                try connection.withChannel { _ = try $0.queueDelete(name) }
                try connection.serve { deliveries.stream.isEnded }
                #expect(channel.waitingMessageCount == 2, "they can be acknowledged")
            }
            try channel.close()
            #expect(channel.waitingMessageCount == 0)
            #expect(deliveries.next() == nil && deliveries.failure == nil)
            #expect(try channel.cancel().isEmpty)
            if !isCancelledBefore { #expect(try connection.left(in: name) == ["one", "two"]) }
            try connection.withChannel { _ = try $0.queueDelete(name) }
        }
    }

    @Test func `messages that count as acknowledged are given out after the end of their channel`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one", "two"])
            var deliveries = try channel.consume(queue, autoAck: true)
            try channel.connection.serve { channel.waitingMessageCount == 2 }
            try channel.close()
            #expect(deliveries.next()?.text == "one")
            #expect(try channel.cancel().map(\.text) == ["two"])
        }
    }
}
