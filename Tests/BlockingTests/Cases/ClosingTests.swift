import AMQPBlocking
import AdapterKit
import BrokerSupport
import Dispatch
import Testing

@Suite(.timeLimit(.minutes(2))) struct ClosingTests {
    @Test func `closing a closed connection is refused`() async throws {
        try await connected { connection in
            try connection.close()
            #expect(failure { try connection.close() }?.code == .connectionWrongState)
            try connection.closeIfOpen()
        }
    }

    @Test func `withConnection closes the connection`() async throws {
        try await onOwnThread {
            let connection = try BlockingConnection.withConnection(TestBroker.parameters()) { connection in
                #expect(connection.isOpen)
                return connection
            }
            #expect(connection.isClosed)
        }
    }

    @Test func `withConnection survives a connection that is closed already`() async throws {
        try await onOwnThread {
            let value = try BlockingConnection.withConnection(TestBroker.parameters()) { connection in
                try connection.close()
                return 7
            }
            #expect(value == 7)
        }
    }

    @Test func `withConnection passes the program's error on`() async throws {
        try await onOwnThread {
            let notes = Notes<Bool>()
            var connection: BlockingConnection?
            #expect(throws: Mishap(number: 3)) {
                try BlockingConnection.withConnection(TestBroker.parameters()) { opened in
                    connection = opened
                    notes.add(opened.isOpen)
                    throw Mishap(number: 3)
                }
            }
            #expect(notes.all == [true] && connection?.isClosed == true)
        }
    }

    @Test func `withConnection passes on the program's cancellation`() async throws {
        try await onOwnThread {
            var connection: BlockingConnection?
            _ = #expect(throws: CancellationError.self) {
                try BlockingConnection.withConnection(TestBroker.parameters()) { opened in
                    connection = opened
                    throw CancellationError()
                }
            }
            #expect(connection?.isClosed == true)
        }
    }

    @Test func `a lost connection ends itself and its channels`() async throws {
        let script = BrokerScript { broker, received in
            guard received.method.id == .queueDeclare else { return false }
            broker.end(.reset)
            return true
        }
        try await scripted(script) { parameters, _ in
            let connection = try BlockingConnection(parameters)
            let channel = try connection.channel()
            #expect(failure { try channel.queueDeclare("test") }?.code == .streamLost)
            #expect(connection.isClosed && !connection.isOpen && channel.isClosed && !channel.isOpen)
        }
    }

    @Test func `nothing can be done with a connection that was lost`() async throws {
        let script = BrokerScript { broker, received in
            guard received.method.id == .basicQos else { return false }
            broker.end(.endOfStream)
            return true
        }
        try await scripted(script) { parameters, _ in
            let connection = try BlockingConnection(parameters)
            let channel = try connection.channel()
            #expect(failure { try channel.basicQos(prefetchCount: 1) }?.code == .streamLost)
            #expect(failure { _ = try connection.channel() }?.code == .connectionWrongState)
            #expect(failure { try connection.processDataEvents() }?.code == .connectionWrongState)
            #expect(failure { try connection.sleep(.zero) }?.code == .connectionWrongState)
            #expect(failure { try connection.close() }?.code == .connectionWrongState)
            #expect(failure { try channel.basicQos(prefetchCount: 1) }?.code == .channelWrongState)
            let underlying = failure { try connection.close() }?.underlying as? AMQPError
            #expect(underlying?.code == .streamLost)
        }
    }

    @Test func `a stream that is lost before a channel opens fails the channel`() async throws {
        let script = BrokerScript { broker, received in
            guard received.method.id == .channelOpen else { return false }
            broker.end(.endOfStream)
            return true
        }
        try await scripted(script) { parameters, _ in
            let connection = try BlockingConnection(parameters)
            #expect(failure { _ = try connection.channel() }?.code == .streamLost)
            #expect(connection.isClosed)
        }
    }

    @Test func `a connection closes with a channel and a consumer on it`() async throws {
        try await queue { channel, queue in
            try channel.basicConsume(queue) { _, _ in }
            try channel.connection.close()
            #expect(channel.isClosed && channel.consumerTags.isEmpty)
        }
    }

    @Test func `what was published leaves before the connection closes`() async throws {
        try await connected { connection in
            let name = uniqueName()
            try connection.withChannel { channel in
                try channel.queueDeclare(name)
                try channel.fill(name, ["first"])
            }
            let other = try BlockingConnection(TestBroker.parameters())
            let channel = try other.channel()
            let body = ByteSlice(Array(repeating: UInt8(7), count: 300_000))
            for _ in 0 ..< 10 { try channel.basicPublish(body, routingKey: name) }
            try other.close()
            #expect(try connection.left(in: name).count == 11)
            try connection.withChannel { channel in try channel.queueDelete(name) }
        }
    }

    @Test func `a new secret is accepted`() async throws {
        try await connected { connection in
            try connection.updateSecret("guest", reason: "a test")
            #expect(connection.isOpen)
        }
    }

    @Test func `a new secret needs an open connection`() async throws {
        try await connected { connection in
            try connection.close()
            #expect(failure { try connection.updateSecret("x", reason: "y") }?.code == .connectionWrongState)
        }
    }

    @Test func `a reason that cannot be sent is refused without harm`() async throws {
        try await connected { connection in
            let reason = String(repeating: "x", count: 256)
            #expect(failure { try connection.updateSecret("x", reason: reason) }?.code == .invalidArgument)
            #expect(connection.isOpen)
        }
    }

    @Test func `an unknown exchange type ends the connection`() async throws {
        try await connected { connection in
            let channel = try connection.channel()
            let error = failure { try channel.exchangeDeclare(uniqueName(), type: "blubb") }
            #expect(error?.code == .connectionClosedByBroker && error?.replyCode == 503)
            #expect(connection.isClosed && channel.isClosed)
        }
    }

    @Test func `an argument that cannot be sent is refused without harm`() async throws {
        try await queue { channel, _ in
            let name = String(repeating: "q", count: 256)
            #expect(failure { try channel.queueDeclare(name) }?.code == .invalidArgument)
            #expect(channel.isOpen)
        }
    }

    @Test func `closing ends at its deadline when the broker does not answer`() async throws {
        let script = BrokerScript { _, received in received.method.id == .connectionClose }
        try await scripted(script) { parameters, _ in
            let connection = try BlockingConnection(parameters)
            #expect(failure { try connection.close(deadline: .milliseconds(100)) }?.code == .deadlineExceeded)
            #expect(connection.isClosed)
        }
    }

    @Test func `a request ends at its deadline when the broker does not answer`() async throws {
        let script = BrokerScript { _, received in received.method.id == .queueDeclare }
        try await scripted(script) { parameters, _ in
            let connection = try BlockingConnection(parameters)
            let channel = try connection.channel()
            channel.requestTimeout = .milliseconds(50)
            #expect(failure { try channel.queueDeclare("test") }?.code == .deadlineExceeded)
            #expect(channel.isOpen)
            try connection.close()
        }
    }

    @Test func `an output that the broker does not read ends at its deadline`() async throws {
        let end = DispatchSemaphore(value: 0)
        let script = BrokerScript { _, received in
            // The broker's thread stands still, so that nothing is read any more.
            if received.method.id == .basicPublish { end.wait() }
            return false
        }
        try await scripted(script) { parameters, _ in
            defer { end.signal() }
            let connection = try BlockingConnection(parameters)
            let channel = try connection.channel()
            channel.requestTimeout = .milliseconds(100)
            let body = ByteSlice(Array(repeating: UInt8(1), count: 32 << 20))
            #expect(failure { try channel.basicPublish(body, routingKey: "test") }?.code == .deadlineExceeded)
            #expect(failure { try connection.close(deadline: .milliseconds(100)) }?.code == .deadlineExceeded)
        }
    }
}
