import AMQPBlocking
import AdapterKit
import BrokerSupport
import Foundation
import Testing

@Suite(.timeLimit(.minutes(2))) struct EventsTests {
    @Test func `processing events without a time limit given returns at once`() async throws {
        try await connected { connection in
            try connection.processDataEvents()
            try connection.processDataEvents(timeLimit: .milliseconds(5))
            #expect(connection.isOpen)
        }
    }

    @Test func `processing events waits no shorter than its limit when nothing happens`() async throws {
        try await connected { connection in
            let begin = ContinuousClock.now
            try connection.processDataEvents(timeLimit: .milliseconds(20))
            #expect(ContinuousClock.now - begin >= .milliseconds(20))
        }
    }

    @Test func `sleeping serves the connection for the whole time`() async throws {
        try await queue { channel, queue in
            let notes = Notes<String>()
            try channel.basicConsume(queue, autoAck: true) { _, delivery in notes.add(delivery.text) }
            try channel.basicPublish("one", routingKey: queue)
            try channel.basicPublish("two", routingKey: queue)
            let begin = ContinuousClock.now
            // Long enough for the messages to come and to be handled in it.
            try channel.connection.sleep(.seconds(2))
            #expect(ContinuousClock.now - begin >= .seconds(2))
            #expect(notes.all == ["one", "two"])
        }
    }

    @Test func `callbacks hear that the connection is blocked and unblocked`() async throws {
        let script = BrokerScript { broker, received in
            guard received.method.id == .basicQos else { return false }
            broker.send(.connectionBlocked(ConnectionBlocked(reason: "low on memory")), channel: 0)
            broker.send(.connectionUnblocked(ConnectionUnblocked()), channel: 0)
            return false
        }
        try await scripted(script) { parameters, _ in
            try BlockingConnection.withConnection(parameters) { connection in
                let notes = Notes<String>()
                connection.onBlocked { _, reason in notes.add(reason) }
                connection.onUnblocked { _ in notes.add("over") }
                let removed = connection.onBlocked { _, _ in notes.add("removed") }
                removed.remove()
                try connection.channel().basicQos(prefetchCount: 1)
                #expect(notes.all.isEmpty)
                try connection.processDataEvents()
                #expect(notes.all == ["low on memory", "over"])
            }
        }
    }

    @Test func `a connection that stays blocked ends when its timeout is over`() async throws {
        let script = BrokerScript { broker, received in
            guard received.method.id == .queueDeclare else { return false }
            broker.send(.connectionBlocked(ConnectionBlocked(reason: "low on disk")), channel: 0)
            return true
        }
        try await scripted(script) { parameters, _ in
            var parameters = parameters
            parameters.blockedConnectionTimeout = .milliseconds(50)
            let connection = try BlockingConnection(parameters)
            let channel = try connection.channel()
            #expect(failure { try channel.queueDeclare("test") }?.code == .connectionBlockedTimeout)
            #expect(connection.isClosed)
        }
    }

    @Test func `a callback posted by the connection's own thread runs when events are processed`() async throws {
        try await connected { connection in
            let notes = Notes<Int>()
            try connection.addCallbackThreadsafe { _ in notes.add(1) }
            try connection.mailbox.addCallbackThreadsafe { _ in notes.add(2) }
            #expect(notes.all.isEmpty)
            try connection.serve { notes.all.count == 2 }
            #expect(notes.all == [1, 2])
        }
    }

    @Test func `a callback posted by another thread wakes a call that waits for ever`() async throws {
        try await queue { channel, queue in
            try channel.basicConsume(queue) { _, _ in }
            let mailbox = channel.mailbox
            let notes = Notes<String>()
            let delays = Notes<Duration>()
            Thread.detachNewThread {
                // The other thread waits by then; if not, the test shows less, and still holds.
                Thread.sleep(forTimeInterval: 0.2)
                let begin = ContinuousClock.now
                do {
                    try mailbox.addCallbackThreadsafe { channel in
                        delays.add(ContinuousClock.now - begin)
                        notes.add("posted")
                        try channel.stopConsuming()
                    }
                } catch {
                    notes.add("\(error)")
                }
            }
            try channel.startConsuming()
            #expect(notes.all == ["posted"])
            // Nothing else would have woken it before the next heartbeat, half an interval away.
            let interval = Duration.seconds(channel.connection.tuned?.heartbeat ?? 0)
            #expect(interval >= .seconds(60))
            #expect(delays.all.allSatisfy { $0 < interval / 3 })
        }
    }

    @Test func `a callback for a closed connection is refused`() async throws {
        try await connected { connection in
            try connection.close()
            #expect(failure { try connection.addCallbackThreadsafe { _ in } }?.code == .connectionWrongState)
            #expect(failure { try connection.mailbox.addCallbackThreadsafe { _ in } }?.code == .connectionWrongState)
        }
    }

    @Test(arguments: [false, true])
    func `no callback runs when one before it has closed the connection`(waitsForChannel: Bool) async throws {
        try await connected { connection in
            let notes = Notes<String>()
            let channel = try connection.channel()
            connection.callLater(.zero) { connection in
                notes.add("closed")
                try connection.close()
            }
            connection.callLater(.zero) { _ in notes.add("timer") }
            try connection.addCallbackThreadsafe { connection in
                notes.add("posted")
                try connection.sleep(.zero)
            }
            if waitsForChannel {
                #expect(failure { try channel.wait(timeout: .seconds(20)) }?.code == .channelWrongState)
            } else {
                try connection.processDataEvents(timeLimit: .seconds(20))
            }
            #expect(notes.all == ["closed"])
        }
    }

    @Test func `messages that count as acknowledged are handled although a callback has lost the connection`()
        async throws
    {
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
            case .queueDeclare:
                broker.end(.endOfStream)
                return true
            default: return false
            }
        }
        try await scripted(script) { parameters, _ in
            let connection = try BlockingConnection(parameters)
            let channel = try connection.channel()
            let notes = Notes<String>()
            try channel.basicConsume("test", autoAck: true) { channel, delivery in
                notes.add("message \(delivery.tag)")
                if delivery.tag == 1 {
                    #expect(failure { try channel.queueDeclare("test") }?.code == .streamLost)
                }
            }
            // Everything has come before any of it is dispatched.
            try channel.basicQos(prefetchCount: 1)
            connection.callLater(.zero) { _ in notes.add("timer") }
            try connection.addCallbackThreadsafe { _ in notes.add("posted") }
            try connection.processDataEvents()
            #expect(notes.all == ["message 1", "message 2", "message 3"] && connection.isClosed)
        }
    }

    @Test func `a timer runs once, and a cancelled one never`() async throws {
        try await connected { connection in
            let notes = Notes<String>()
            let cancelled = connection.callLater(.milliseconds(5)) { _ in notes.add("cancelled") }
            connection.callLater(.milliseconds(10)) { _ in notes.add("ran") }
            cancelled.cancel()
            cancelled.cancel()
            try connection.serve { !notes.all.isEmpty }
            try connection.processDataEvents(timeLimit: .milliseconds(20))
            #expect(notes.all == ["ran"])
        }
    }

    @Test func `timers with the same deadline and callback are different timers`() async throws {
        try await connected { connection in
            let notes = Notes<Int>()
            let callback: (BlockingConnection) throws -> Void = { _ in notes.add(1) }
            let first = connection.callLater(.zero, callback)
            connection.callLater(.zero, callback)
            connection.callLater(.zero, callback)
            first.cancel()
            try connection.serve { notes.all.count == 2 }
            try connection.processDataEvents(timeLimit: .milliseconds(10))
            #expect(notes.all == [1, 1])
        }
    }

    @Test func `a timer that is due can still be cancelled by a callback before it`() async throws {
        try await connected { connection in
            let notes = Notes<String>()
            var second: BlockingTimer?
            connection.callLater(.milliseconds(1)) { _ in
                notes.add("first")
                second?.cancel()
            }
            second = connection.callLater(.milliseconds(1)) { _ in notes.add("second") }
            connection.callLater(.milliseconds(2)) { _ in notes.add("third") }
            try connection.serve { notes.all.contains("third") }
            #expect(notes.all == ["first", "third"])
        }
    }

    @Test func `a timer can be cancelled from its own callback`() async throws {
        try await connected { connection in
            let notes = Notes<String>()
            var timer: BlockingTimer?
            timer = connection.callLater(.zero) { _ in
                timer?.cancel()
                notes.add("ran")
            }
            try connection.serve { notes.all == ["ran"] }
        }
    }

    @Test func `a callback runs nothing else, whatever it waits for`() async throws {
        try await queue { channel, queue in
            let notes = Notes<String>()
            let connection = channel.connection
            try channel.basicConsume(queue, autoAck: true) { channel, delivery in
                notes.add("begin \(delivery.text)")
                try channel.connection.sleep(.milliseconds(20))
                try channel.connection.processDataEvents(timeLimit: .milliseconds(5))
                try channel.queueDeclare(queue, passive: true)
                notes.add("end \(delivery.text)")
            }
            connection.callLater(.milliseconds(1)) { _ in notes.add("timer") }
            try channel.fill(queue, ["1", "2"])
            try connection.serve { notes.all.count == 5 }
            #expect(notes.all.filter { $0 != "timer" } == ["begin 1", "end 1", "begin 2", "end 2"])
            let timer = try #require(notes.all.firstIndex(of: "timer"))
            #expect(timer == 0 || notes.all[timer - 1].hasPrefix("end"), "no timer runs inside a handler: \(notes.all)")
        }
    }

    @Test func `a call that would never return is refused inside a callback`() async throws {
        try await queue { channel, queue in
            let notes = Notes<AMQPError.Code?>()
            let connection = channel.connection
            connection.callLater(.zero) { connection in
                notes.add(failure { try connection.processDataEvents(timeLimit: nil) }?.code)
                notes.add(failure { try channel.startConsuming() }?.code)
                notes.add(failure { try channel.wait(timeout: .zero) }?.code)
                notes.add(failure { try connection.drainEvents(timeout: .zero) }?.code)
            }
            try connection.serve { !notes.all.isEmpty }
            #expect(notes.all == [.reentrantCall, .reentrantCall, .reentrantCall, .reentrantCall])
        }
    }

    @Test func `what a callback throws is thrown by the call that ran it`() async throws {
        try await connected { connection in
            connection.callLater(.zero) { _ in throw Mishap(number: 5) }
            let error = failure { try connection.serve { false } }
            #expect(error?.code == .handlerFailed && error?.underlying as? Mishap == Mishap(number: 5))
            #expect(error?.reason.contains("timer") == true)
            connection.callLater(.zero) { connection in try connection.channel().queueDeclare("x", passive: true) }
            #expect(failure { try connection.serve { false } }?.replyCode == 404)
            #expect(connection.isOpen)
        }
    }

    @Test func `no callback runs inside a call of the program's that only waits for an answer`() async throws {
        try await queue { channel, queue in
            let notes = Notes<String>()
            try channel.basicConsume(queue, autoAck: true) { _, delivery in notes.add(delivery.text) }
            channel.connection.callLater(.zero) { _ in notes.add("timer") }
            try channel.fill(queue, ["a", "b"])
            try channel.basicQos(prefetchCount: 5)
            #expect(notes.all.isEmpty)
            try channel.connection.serve { notes.all.count == 3 }
        }
    }

    @Test func `a heartbeat is kept up while a call waits`() async throws {
        try await onOwnThread {
            var parameters = try TestBroker.parameters()
            // The broker gives up after two intervals without a heartbeat of ours.
            parameters.heartbeat = 2
            try BlockingConnection.withConnection(parameters) { connection in
                try connection.sleep(.seconds(6))
                #expect(connection.isOpen)
            }
        }
    }
}
