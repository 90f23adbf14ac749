import AMQPBlocking
import AdapterKit
import BrokerSupport
import Foundation
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

    /// What a callback holds, and what comes back to the connection when it is let go.
    private final class Leaver: Sendable {
        private let act: @Sendable () -> Void

        init(_ act: @escaping @Sendable () -> Void) { self.act = act }

        deinit { act() }
    }

    /// Holds the timer whose callback holds it.
    private final class Reminder {
        private let notes: Notes<String>
        private var timer: BlockingTimer?

        init(_ connection: BlockingConnection, _ notes: Notes<String>) {
            self.notes = notes
            timer = connection.callLater(.seconds(60)) { _ in self.notes.add("fired") }
        }

        deinit {
            timer?.cancel()
            notes.add("gone")
        }
    }

    @Test func `a timer that is cancelled again by what its callback held is cancelled once`() async throws {
        try await connected { connection in
            let notes = Notes<String>()
            _ = Reminder(connection, notes)
            #expect(notes.all.isEmpty)
            try connection.close()
            #expect(notes.all == ["gone"])
        }
    }

    @Test func `a timer of a connection that is over keeps nothing`() async throws {
        try await connected { connection in
            try connection.close()
            let notes = Notes<String>()
            _ = Reminder(connection, notes)
            #expect(notes.all == ["gone"])
        }
    }

    @Test func `what a posted callback held may post when the connection has ended`() async throws {
        let script = BrokerScript { broker, received in
            guard received.method.id == .basicAck else { return false }
            broker.end(.endOfStream)
            return true
        }
        try await scripted(script) { parameters, record in
            let connection = try BlockingConnection(parameters)
            let mailbox = connection.mailbox
            let notes = Notes<AMQPError.Code?>()
            try connection.channel().basicAck(1)
            let end = ContinuousClock.now.advanced(by: .seconds(20))
            while record.endCount == 0, ContinuousClock.now < end { Thread.sleep(forTimeInterval: 0.001) }
            // The end has come, and is the first thing that the next turn reads.
            try connection.addCallbackThreadsafe { [leaver = Leaver { notes.post(to: mailbox) }] _ in
                Issue.record("a callback ran")
                withExtendedLifetime(leaver) {}
            }
            #expect(failure { try connection.processDataEvents(timeLimit: .seconds(20)) }?.code == .streamLost)
            #expect(notes.all == [.connectionWrongState])
        }
    }

    @Test func `a connection that is dropped lets go of what was posted, and of its timers`() async throws {
        try await onOwnThread {
            let notes = Notes<AMQPError.Code?>()
            let reminders = Notes<String>()
            let mailbox: BlockingMailbox
            do {
                let connection = try BlockingConnection(TestBroker.parameters())
                mailbox = connection.mailbox
                _ = Reminder(connection, reminders)
                try mailbox.addCallbackThreadsafe { [leaver = Leaver { notes.post(to: mailbox) }] _ in
                    withExtendedLifetime(leaver) {}
                }
            }
            #expect(notes.all == [.connectionWrongState] && reminders.all == ["gone"])
        }
    }
}

extension Notes<AMQPError.Code?> {
    /// Notes whether a callback can be posted.
    fileprivate func post(to mailbox: BlockingMailbox) {
        add(failure { try mailbox.addCallbackThreadsafe { _ in } }?.code)
    }
}
