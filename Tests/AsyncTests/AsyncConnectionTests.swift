import AMQPAsync
import AMQPConnection
import BrokerSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct AsyncConnectionTests {
    private struct Mishap: Error {}

    @Test func `the five steps`() async throws {
        let connection = try await AMQP.connect(try TestBroker.url)
        let channel = try await connection.channel()
        let queue = try await channel.queueDeclare(exclusive: true).queue
        let deliveries = try await channel.basicConsume(queue)
        for number in 0 ..< 20 { try await channel.publish("message \(number)", routingKey: queue) }
        var texts: [String] = []
        for try await delivery in deliveries {
            texts.append(delivery.text)
            channel.basicAck(delivery.tag)
            if texts.count == 20 { break }
        }
        #expect(texts == (0 ..< 20).map { "message \($0)" })
        try await connection.close()
        #expect(try await connection.closed().code == .connectionClosedByClient)
        try await connection.close()
    }

    @Test func `every request has its reply`() async throws {
        try await withBroker { connection in
            let channel = try await connection.channel()
            let (source, target, queue) = (uniqueName(), uniqueName(), uniqueName())
            try await channel.exchangeDeclare(source, type: .fanout, autoDelete: true)
            try await channel.exchangeDeclare(target, type: .topic)
            try await channel.exchangeBind(destination: target, source: source)
            #expect(try await channel.queueDeclare(queue, exclusive: true).queue == queue)
            try await channel.queueBind(queue, exchange: target, routingKey: "a.*")
            try await channel.basicQos(prefetchCount: 10)
            try await channel.confirmSelect()
            guard case .confirmed = try await channel.publishConfirmed("one", exchange: source, routingKey: "a.b")
            else { throw Missing(description: "not confirmed") }
            guard
                case .returned(let message) = try await channel.publishConfirmed(
                    "two", exchange: source, routingKey: "b", mandatory: true)
            else { throw Missing(description: "not returned") }
            #expect(message.body.text == "two")
            let first = try #require(try await channel.basicGet(queue))
            #expect(first.text == "one")
            channel.basicNack(first.tag)
            let second = try #require(try await channel.basicGet(queue))
            #expect(second.isRedelivered)
            try await channel.basicRecover()
            let third = try #require(try await channel.basicGet(queue))
            channel.basicReject(third.tag)
            #expect(try await channel.queuePurge(queue).messageCount == 1)
            #expect(try await channel.basicGet(queue) == nil)
            try await channel.queueUnbind(queue, exchange: target, routingKey: "a.*")
            try await channel.exchangeUnbind(destination: target, source: source)
            try await channel.exchangeDelete(target)
            #expect(try await channel.queueDelete(queue).messageCount == 0)
            try await channel.flow(active: true)
            try await channel.accessRequest("/data")
            try await connection.updateSecret("guest", reason: "test")
            try await connection.withChannel { channel in
                try await channel.txSelect()
                try await channel.txCommit()
                try await channel.txRollback()
            }
        }
    }

    @Test func `an error of the broker's is thrown with all it said`() async throws {
        try await withBroker { connection in
            let channel = try await connection.channel()
            do throws(AMQPError) {
                try await channel.queueDeclare(uniqueName("missing"), passive: true)
                Issue.record("the queue exists")
            } catch {
                #expect(error.code == .channelClosedByBroker && error.replyCode == 404 && error.method == .queueDeclare)
            }
            #expect(try await channel.closed().replyCode == 404)
            try await channel.close()
            await #expect { try await channel.basicQos(prefetchCount: 1) } throws: {
                let error = $0 as? AMQPError
                return error?.code == .channelWrongState && error?.replyCode == 404
            }
        }
    }

    @Test func `a scope closes what it opened and keeps the error of its body`() async throws {
        var channels: [AsyncChannel] = []
        var connections: [AsyncConnection] = []
        await #expect(throws: Mishap.self) {
            try await AMQP.withConnection(try TestBroker.url) { connection in
                connections.append(connection)
                try await connection.withChannel { channels.append($0) }
                #expect(try await channels[0].closed().code == .channelClosedByClient)
                try await connection.withChannel { channel in
                    channels.append(channel)
                    throw Mishap()
                }
            }
        }
        #expect(try await channels[1].closed().code == .channelClosedByClient)
        #expect(try await connections[0].closed().code == .connectionClosedByClient)
    }

    @Test func `a scope survives what is closed already`() async throws {
        try await AMQP.withConnection(try TestBroker.url) { connection in
            try await connection.withChannel { try await $0.close() }
            try await connection.close()
        }
    }

    @Test func `a scope whose task is cancelled closes all the same`() async throws {
        let opened = Guarded<AsyncConnection?>(nil)
        let url = try TestBroker.url
        let task = Task {
            try await AMQP.withConnection(url) { connection in
                opened.withLock { $0 = connection }
                _ = try await connection.closed()
            }
        }
        try await waitUntil("the connection is open") { opened.withLock { $0 != nil } }
        task.cancel()
        await #expect { try await task.value } throws: { ($0 as? AMQPError)?.code == .cancelled }
        let connection = try #require(opened.withLock { $0 })
        #expect(try await connection.closed().code == .connectionClosedByClient)
    }

    @Test func `a connection that cannot be opened says why`() async throws {
        await #expect { try await AMQP.connect("amqp://127.0.0.1:1") } throws: {
            ($0 as? AMQPError)?.code == .connectFailed
        }
        await #expect { try await AMQP.connect("http://localhost") } throws: {
            ($0 as? AMQPError)?.code == .invalidArgument
        }
    }

    @Test func `whoever waits for the end of a connection that never opens is told why`() async throws {
        try await withBroker { host in
            let executor = host.executor
            let parameters = ConnectionParameters(host: "127.0.0.1", port: 1)
            // On the loop, so that it waits before the connection has begun.
            let waiting = Task(executorPreference: executor.taskExecutor) { [parameters] in
                let connection = try executor.withLoop { AsyncConnection(Connection(parameters, on: $0)) }
                return try await connection.closed()
            }
            let reason = try await waiting.value
            #expect(reason.code == .connectFailed)
        }
    }

    @Test func `a connection that nobody holds any more is closed`() async throws {
        // The queue goes with the connection that it belongs to.
        let queue = uniqueName("dropped")
        do {
            let connection = try await AMQP.connect(try TestBroker.url)
            try await connection.channel().queueDeclare(queue, exclusive: true)
            withExtendedLifetime(connection) {}
        }
        try await withBroker { connection in
            try await waitUntil("the connection's queue is gone") {
                let channel = try await connection.channel()
                do throws(AMQPError) {
                    try await channel.queueDeclare(queue, passive: true)
                    return false
                } catch {
                    #expect(error.replyCode == 405 || error.replyCode == 404)
                    return error.replyCode == 404
                }
            }
        }
    }

    @Test func `a channel that nobody holds any more is closed`() async throws {
        try await withBroker { connection in
            let number = try await connection.channel().number
            try await waitUntil("its number is free") {
                let next = try await connection.channel()
                try await next.close()
                return next.number == number
            }
        }
    }

    @Test func `a channel is held by its deliveries`() async throws {
        try await withBroker { connection in
            func consume() async throws -> Deliveries {
                let channel = try await connection.channel()
                let queue = try await channel.queueDeclare(exclusive: true).queue
                try await channel.publish("x", routingKey: queue)
                return try await channel.basicConsume(queue)
            }
            for try await delivery in try await consume() {
                #expect(delivery.text == "x")
                break
            }
        }
    }

    @Test func `the underlying connection and channel are at hand`() async throws {
        try await withQueue { channel, _ in
            let connection = channel.connection
            let product = try await connection.run { $0.serverProperties["product"] }
            #expect(product == .text("RabbitMQ"))
            #expect(try await channel.run { $0.number } == channel.number)
            await #expect {
                try await channel.run { _ throws(AMQPError) in
                    throw AMQPError(.invalidArgument, blame: .application, "")
                }
            } throws: {
                ($0 as? AMQPError)?.code == .invalidArgument
            }
        }
    }
}
