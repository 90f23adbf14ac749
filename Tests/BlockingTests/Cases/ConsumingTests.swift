@testable import AMQPBlocking
import AdapterKit
import BrokerSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(2))) struct ConsumingTests {
    @Test func `consuming from an unknown queue closes the channel`() async throws {
        try await connected { connection in
            let channel = try connection.channel()
            let error = failure { try channel.basicConsume(uniqueName()) { _, _ in } }
            #expect(error?.code == .channelClosedByBroker && error?.replyCode == 404)
            #expect(error?.method == .basicConsume && channel.isClosed && channel.consumerTags.isEmpty)
        }
    }

    @Test func `a handler's message is acknowledged from another thread`() async throws {
        try await queue { channel, queue in
            let mailbox = channel.mailbox
            try channel.basicQos(prefetchCount: 1)
            let notes = Notes<String>()
            try channel.basicConsume(queue) { _, delivery in
                notes.add(delivery.text)
                let isLast = delivery.text == "last"
                Thread.detachNewThread {
                    try? mailbox.addCallbackThreadsafe { channel in
                        try channel.basicAck(delivery.tag)
                        if isLast { try channel.stopConsuming() }
                    }
                }
            }
            try channel.fill(queue, ["first", "last"])
            try channel.startConsuming()
            #expect(notes.all == ["first", "last"])
            try channel.close()
            #expect(try channel.connection.left(in: queue).isEmpty)
        }
    }

    @Test func `a sequence's message is acknowledged from another thread`() async throws {
        try await queue { channel, queue in
            let mailbox = channel.mailbox
            try channel.basicQos(prefetchCount: 1)
            try channel.fill(queue, ["first", "last"])
            var received: [String] = []
            for delivery in try channel.consume(queue) {
                received.append(delivery.text)
                Thread.detachNewThread {
                    try? mailbox.addCallbackThreadsafe { channel in
                        try channel.basicAck(delivery.tag)
                        if delivery.text == "last" { try channel.cancel() }
                    }
                }
            }
            #expect(received == ["first", "last"])
            try channel.close()
            #expect(try channel.connection.left(in: queue).isEmpty)
        }
    }

    @Test func `what was posted for a channel is never run with another one of its number`() async throws {
        try await queue { channel, queue in
            let connection = channel.connection
            let mailbox = channel.mailbox
            let notes = Notes<String>()
            try mailbox.addCallbackThreadsafe { _ in notes.add("on a channel that is over") }
            try channel.close()
            let other = try connection.channel(number: channel.channelNumber)
            #expect(other.channelNumber == channel.channelNumber)
            #expect(failure { try mailbox.addCallbackThreadsafe { _ in } }?.code == .channelWrongState)
            try other.addCallbackThreadsafe { notes.add("on channel \($0.channelNumber)") }
            try connection.serve { !notes.all.isEmpty }
            #expect(notes.all == ["on channel \(channel.channelNumber)"])
            try connection.close()
            #expect(failure { try other.addCallbackThreadsafe { _ in } }?.code == .channelWrongState)
        }
    }

    @Test func `two consumers of a channel get their own messages`() async throws {
        try await queue { channel, queue in
            let other = try channel.queueDeclare(exclusive: true).queue
            let notes = Notes<String>()
            let first = try channel.basicConsume(queue, consumerTag: "a", autoAck: true) { _, delivery in
                notes.add("a \(delivery.consumerTag ?? "") \(delivery.text)")
            }
            let second = try channel.basicConsume(other, autoAck: true) { _, delivery in
                notes.add("b \(delivery.consumerTag ?? "") \(delivery.text)")
            }
            #expect(Set(channel.consumerTags) == [first, second])
            let duplicate = failure { try channel.basicConsume(queue, consumerTag: "a") { _, _ in } }
            #expect(duplicate?.code == .duplicateConsumerTag)
            for body in ["1", "2"] {
                try channel.basicPublish(body, routingKey: queue)
                try channel.basicPublish(body, routingKey: other)
            }
            try channel.connection.serve { notes.all.count == 4 }
            #expect(notes.all.filter { $0.hasPrefix("a") } == ["a \(first) 1", "a \(first) 2"])
            #expect(notes.all.filter { $0.hasPrefix("b") } == ["b \(second) 1", "b \(second) 2"])
            try channel.basicCancel(first)
            #expect(channel.consumerTags == [second])
        }
    }

    @Test func `cancelling drops a cancel of the broker's that has not been told`() async throws {
        try await queue { channel, queue in
            let notes = Notes<String>()
            channel.onCancel { _, tag in notes.add(tag) }
            let tag = try channel.basicConsume(queue) { _, _ in }
            try channel.queueDelete(queue)
            try channel.queueDeclare(exclusive: true)
            #expect(channel.consumerTags == [tag])
            #expect(try channel.basicCancel(tag).isEmpty)
            try channel.connection.processDataEvents(timeLimit: .milliseconds(10))
            #expect(notes.all.isEmpty && channel.consumerTags.isEmpty)
            #expect(failure { try channel.basicCancel(tag) }?.code == .unknownConsumerTag)
        }
    }

    @Test func `a handler stops consuming`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one", "two"])
            let notes = Notes<String>()
            try channel.basicConsume(queue) { channel, delivery in
                notes.add(delivery.text)
                try channel.stopConsuming()
                try channel.basicAck(delivery.tag)
            }
            try channel.startConsuming()
            #expect(notes.all == ["one"])
            #expect(try channel.drain(queue) == ["two"])
        }
    }

    @Test func `a handler closes its channel`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one", "two"])
            let notes = Notes<String>()
            try channel.basicConsume(queue) { channel, delivery in
                notes.add(delivery.text)
                try channel.close()
            }
            try channel.startConsuming()
            #expect(notes.all == ["one"] && channel.isClosed && channel.connection.isOpen)
            #expect(try channel.connection.left(in: queue) == ["one", "two"])
        }
    }

    @Test func `a handler closes its connection`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one", "two"])
            let notes = Notes<String>()
            try channel.basicConsume(queue, autoAck: true) { channel, delivery in
                notes.add(delivery.text)
                try channel.connection.close()
            }
            try channel.startConsuming()
            #expect(notes.all == ["one"] && channel.isClosed && channel.connection.isClosed)
        }
    }

    @Test func `a channel that the broker closes ends consuming with the reason`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one"])
            try channel.basicConsume(queue) { channel, delivery in
                // Acknowledged twice: the broker closes the channel.
                try channel.basicAck(delivery.tag)
                try channel.basicAck(delivery.tag)
            }
            let error = failure { try channel.startConsuming() }
            #expect(error?.code == .channelClosedByBroker && error?.replyCode == 406)
            #expect(channel.isClosed && channel.connection.isOpen)
        }
    }

    @Test func `a channel that the broker closes while another one is waited on is reported once`() async throws {
        try await connected { connection in
            let (failing, waiting) = (try connection.channel(), try connection.channel())
            try failing.basicAck(77)
            try connection.withChannel { try $0.queueDeclare(exclusive: true) }
            try waiting.basicQos(prefetchCount: 1)
            #expect(failure { try connection.serve { failing.isClosed && false } }?.replyCode == 406)
            try connection.processDataEvents(timeLimit: .milliseconds(5))
            #expect(failing.isClosed && waiting.isOpen)
        }
    }

    @Test func `consuming returns when the broker cancels the consumer`() async throws {
        try await queue { channel, queue in
            let notes = Notes<String>()
            channel.onCancel { _, tag in notes.add("cancel \(tag)") }
            try channel.basicConsume(queue, consumerTag: "tag", autoAck: true) { channel, delivery in
                notes.add(delivery.text)
                try channel.connection.withChannel { _ = try $0.queueDelete(queue) }
            }
            try channel.fill(queue, ["one", "two"])
            try channel.startConsuming()
            #expect(notes.all.first == "one" && notes.all.last == "cancel tag")
            #expect(channel.consumerTags.isEmpty && channel.isOpen)
        }
    }

    @Test func `cancelling returns the messages that count as acknowledged`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one", "two"])
            let tag = try channel.basicConsume(queue, autoAck: true) { _, _ in Issue.record("a handler was called") }
            try channel.waitForDeliveries(2)
            #expect(try channel.basicCancel(tag).map(\.text) == ["one", "two"])
            try channel.connection.processDataEvents()
            #expect(try channel.drain(queue).isEmpty)
        }
    }

    @Test func `cancelling gives unacknowledged messages back to the queue`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one", "two"])
            let tag = try channel.basicConsume(queue) { _, _ in Issue.record("a handler was called") }
            try channel.waitForDeliveries(2)
            #expect(try channel.basicCancel(tag).isEmpty)
            try channel.connection.processDataEvents()
            var back: [String] = []
            try channel.connection.serve {
                if let bodies = try? channel.drain(queue) { back += bodies }
                return back.count == 2
            }
            #expect(back == ["one", "two"])
        }
    }

    @Test func `an error of a handler is thrown, and its policy carried out`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one"])
            try channel.basicConsume(queue, errorPolicy: .nack(requeue: false)) { _, _ in throw Mishap(number: 1) }
            let error = failure { try channel.startConsuming() }
            #expect(error?.code == .handlerFailed && error?.underlying as? Mishap == Mishap(number: 1))
            try channel.stopConsuming()
            #expect(try channel.drain(queue).isEmpty)
            try channel.fill(queue, ["two"])
            try channel.basicConsume(queue, errorPolicy: .closeChannel) { _, _ in throw Mishap(number: 2) }
            #expect(failure { try channel.startConsuming() }?.code == .handlerFailed)
            try channel.connection.serve { channel.isClosed }
        }
    }

    @Test func `messages that count as acknowledged are handled although the channel has failed`() async throws {
        try await queue { channel, queue in
            try channel.fill(queue, ["one", "two"])
            let notes = Notes<String>()
            try channel.basicConsume(queue, autoAck: true) { _, delivery in notes.add(delivery.text) }
            try channel.waitForDeliveries(2)
            #expect(failure { try channel.queueDeclare(uniqueName(), passive: true) }?.replyCode == 404)
            try channel.connection.processDataEvents()
            #expect(notes.all == ["one", "two"])
        }
    }
}

extension BlockingChannel {
    /// Waits, without running callbacks, until this many messages have come.
    func waitForDeliveries(_ count: Int) throws {
        let end = ContinuousClock.now.advanced(by: .seconds(20))
        while connection.events.count < count, ContinuousClock.now < end { try basicQos(prefetchCount: 0) }
        #expect(connection.events.count == count)
    }
}
