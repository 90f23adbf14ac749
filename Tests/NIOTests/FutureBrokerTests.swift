#if NIO
internal import AMQPNIO
internal import BrokerSupport
internal import NIOCore
internal import Testing

/// Channels of futures with the real broker, from tasks that run elsewhere than on the event loop.
@Suite(.timeLimit(.minutes(3))) struct FutureBrokerTests {
    /// Runs `body` with a connection of its own, and closes that.
    private func withConnection(_ body: (FutureConnection) async throws -> Void) async throws {
        let connection = try await FutureConnection.connect(try TestBroker.parameters(), on: sharedEventLoop).get()
        do {
            try await body(connection)
        } catch {
            connection.close()
            throw error
        }
        try await connection.close().get()
        #expect(try await connection.closed.get().code == .connectionClosedByClient)
    }

    /// Runs `body` with a channel of a connection of its own.
    private func withChannel(_ body: (FutureChannel) async throws -> Void) async throws {
        try await withConnection { try await body(try await $0.channel().get()) }
    }

    /// A queue of the channel's connection alone, under a name of the broker's.
    private func makeQueue(_ channel: FutureChannel, _ arguments: FieldTable = [:]) async throws -> String {
        try await channel.queueDeclare(exclusive: true, arguments: arguments).get().queue
    }

    private func uniqueName() -> String { "futures-\(UInt64.random(in: 0 ... .max))" }

    // MARK: Requests

    @Test func everyRequestIsAnswered() async throws {
        try await withChannel { channel in
            let (source, destination) = (uniqueName(), uniqueName())
            _ = try await channel.exchangeDeclare(source, type: .topic, autoDelete: true).get()
            _ = try await channel.exchangeDeclare(destination, type: .fanout).get()
            let queue = try await makeQueue(channel)
            _ = try await channel.exchangeBind(destination: destination, source: source, routingKey: "#").get()
            _ = try await channel.queueBind(queue, exchange: destination).get()
            try await channel.basicPublish("one", exchange: source, routingKey: "a.b").get()
            _ = try await channel.confirmSelect().get()
            try await channel.basicPublish("two", exchange: source, routingKey: "a.c").get()
            #expect(try await channel.queueDeclare(queue, passive: true).get().messageCount == 2)
            _ = try await channel.basicQos(prefetchCount: 10).get()
            #expect(try await channel.flow(active: true).get().active)
            let got = try #require(try await channel.basicGet(queue).get())
            #expect(got.text == "one")
            _ = try await channel.basicRecover().get()
            #expect(try await channel.queuePurge(queue).get().messageCount == 2)
            #expect(try await channel.basicGet(queue).get() == nil)
            _ = try await channel.queueUnbind(queue, exchange: destination).get()
            _ = try await channel.exchangeUnbind(destination: destination, source: source, routingKey: "#").get()
            #expect(try await channel.queueDelete(queue).get().messageCount == 0)
            _ = try await channel.exchangeDelete(destination).get()
            try await channel.close().get()
            #expect(try await channel.closed.get().code == .channelClosedByClient)
        }
    }

    @Test func transactionsAreCommittedAndRolledBack() async throws {
        try await withChannel { channel in
            let queue = try await makeQueue(channel)
            _ = try await channel.txSelect().get()
            channel.basicPublish("dropped", routingKey: queue)
            _ = try await channel.txRollback().get()
            channel.basicPublish("kept", routingKey: queue)
            _ = try await channel.txCommit().get()
            #expect(try await channel.basicGet(queue, autoAck: true).get()?.text == "kept")
            #expect(try await channel.basicGet(queue).get() == nil)
        }
    }

    @Test func whatIsPendingFailsWithTheReasonOfTheChannelsEnd() async throws {
        try await withConnection { connection in
            let channel = try await connection.channel().get()
            let refused = channel.queueDeclare(uniqueName(), passive: true)
            let behind = (0 ..< 20).map { _ in channel.queueDeclare(exclusive: true) }
            let got = channel.basicGet("nowhere")
            for error in [try await failure(of: refused), try await failure(of: got)] {
                #expect(error.code == .channelClosedByBroker && error.replyCode == 404)
            }
            for future in behind { #expect(try await failure(of: future).replyCode == 404) }
            #expect(try await channel.closed.get().replyCode == 404)
            #expect(channel.isClosed)
            #expect(try await failure(of: channel.queueDeclare()).code == .channelWrongState)
            let next = try await connection.channel().get()
            _ = try await next.queueDeclare(exclusive: true).get()
        }
    }

    @Test func whatIsPendingFailsWhenTheConnectionIsClosed() async throws {
        let connection = try await FutureConnection.connect(try TestBroker.parameters(), on: sharedEventLoop).get()
        let channel = try await connection.channel().get()
        let queue = try await makeQueue(channel)
        let consumer = try await channel.basicConsume(queue).get()
        let waiting = consumer.queue.get()
        try await connection.close().get()
        // A connection closes its channels first.
        #expect(try await failure(of: waiting).code == .channelClosedByClient)
        #expect(try await channel.closed.get().code == .channelClosedByClient)
        #expect(try await failure(of: connection.channel()).code == .connectionWrongState)
    }

    // MARK: Publishing

    @Test func confirmedPublishesSucceedOneByOne() async throws {
        try await withChannel { channel in
            let queue = try await makeQueue(channel)
            _ = try await channel.confirmSelect().get()
            let publishes = (0 ..< 500).map { channel.basicPublish("\($0)", routingKey: queue) }
            for publish in publishes { try await publish.get() }
            #expect(try await channel.queueDeclare(queue, passive: true).get().messageCount == 500)
        }
    }

    @Test func returnedPublishesFailWithTheirOwnMessages() async throws {
        try await withChannel { channel in
            let queue = try await makeQueue(channel)
            let nowhere = uniqueName()
            _ = try await channel.confirmSelect().get()
            let returned = FutureQueue<String>(on: sharedEventLoop)
            channel.addOnReturnListener { try? returned.put($0.body.text) }
            let publishes = (0 ..< 100).map { number in
                channel.basicPublish("\(number)", routingKey: number % 3 == 0 ? nowhere : queue, mandatory: true)
            }
            for (number, publish) in publishes.enumerated() {
                do {
                    try await publish.get()
                    #expect(number % 3 != 0)
                } catch PublishError.unroutable(let message) {
                    #expect(number % 3 == 0)
                    #expect(message.body.text == "\(number)")
                    #expect(message.replyCode == 312)
                }
            }
            #expect(returned.count == 34)
        }
    }

    @Test func publishesThatTheBrokerDoesNotTakeFail() async throws {
        try await withChannel { channel in
            let arguments: FieldTable = ["x-max-length": 1, "x-overflow": "reject-publish"]
            let queue = try await makeQueue(channel, arguments)
            _ = try await channel.confirmSelect().get()
            var nackCount = 0
            for number in 0 ..< 5 {
                do {
                    try await channel.basicPublish("\(number)", routingKey: queue).get()
                } catch PublishError.nacked {
                    nackCount += 1
                }
            }
            #expect(nackCount == 4)
        }
    }

    @Test func unansweredPublishesFailWhenTheChannelEnds() async throws {
        try await withChannel { channel in
            _ = try await channel.confirmSelect().get()
            let publish = channel.basicPublish("lost", exchange: uniqueName(), routingKey: "x")
            #expect(try await failure(of: publish).replyCode == 404)
            #expect(try await failure(of: channel.basicPublish("late", routingKey: "x")).code == .channelWrongState)
        }
    }

    // MARK: Consuming

    @Test func messagesComeInOrderAndAreAcknowledged() async throws {
        try await withChannel { channel in
            let queue = try await makeQueue(channel)
            for number in 0 ..< 200 { channel.basicPublish("\(number)", routingKey: queue) }
            _ = try await channel.basicQos(prefetchCount: 10).get()
            let consumer = try await channel.basicConsume(queue).get()
            for number in 0 ..< 200 {
                let delivery = try await consumer.queue.get().get()
                #expect(delivery.text == "\(number)")
                #expect(consumer.queue.count <= 10)
                try await channel.basicAck(delivery.tag).get()
            }
            _ = try await channel.basicCancel(consumer.consumerTag).get()
            #expect(try await channel.queueDeclare(queue, passive: true).get().messageCount == 0)
        }
    }

    @Test func cancellingGivesBackWhatNobodyTook() async throws {
        try await withChannel { channel in
            let queue = try await makeQueue(channel)
            for number in 0 ..< 10 { channel.basicPublish("\(number)", routingKey: queue) }
            let consumer = try await channel.basicConsume(queue).get()
            let first = try await consumer.queue.get().get()
            try await waitUntil("all have come") { consumer.queue.count == 9 }
            let waited = try await channel.basicCancel(consumer.consumerTag).get()
            #expect(waited.consumerTag == consumer.consumerTag)
            #expect(try await failure(of: consumer.queue.get()).code == .consumerCancelled)
            try await channel.basicAck(first.tag).get()
            for number in 1 ..< 10 {
                let delivery = try #require(try await channel.basicGet(queue, autoAck: true).get())
                #expect(delivery.text == "\(number)")
                #expect(delivery.isRedelivered)
            }
        }
    }

    @Test func aQueueThatAnotherDeletesClosesItsConsumersQueue() async throws {
        try await withChannel { channel in
            let queue = uniqueName()
            _ = try await channel.queueDeclare(queue).get()
            let consumer = try await channel.basicConsume(queue).get()
            let waiting = consumer.queue.get()
            try await withChannel { other in _ = try await other.queueDelete(queue).get() }
            let error = try await failure(of: waiting)
            #expect(error.code == .consumerCancelled && error.blame == .peer)
            #expect(consumer.queue.isClosed && !channel.isClosed)
        }
    }

    @Test func aQueueThatTheChannelDeletesClosesItsConsumersQueueOnce() async throws {
        try await withChannel { channel in
            let queue = try await makeQueue(channel)
            let consumer = try await channel.basicConsume(queue).get()
            let waiting = consumer.queue.get()
            _ = try await channel.queueDelete(queue).get()
            #expect(try await failure(of: waiting).code == .consumerCancelled)
            #expect(!channel.isClosed)
        }
    }

    @Test func theEndOfTheChannelClosesItsConsumersQueues() async throws {
        try await withChannel { channel in
            let queue = try await makeQueue(channel)
            let consumer = try await channel.basicConsume(queue).get()
            let waiting = consumer.queue.get()
            channel.basicAck(4711)
            let error = try await failure(of: waiting)
            #expect(error.code == .channelClosedByBroker && error.replyCode == 406)
            #expect(try await failure(of: consumer.queue.get()).replyCode == 406)
        }
    }

    @Test(arguments: [nil, 5]) func aQueueThatTheProgramClosesEndsItsConsumer(limit: Int?) async throws {
        try await withChannel { channel in
            let queue = try await makeQueue(channel)
            let consumer = try await channel.basicConsume(queue, limit: limit).get()
            for number in 0 ..< 10 { channel.basicPublish("\(number)", routingKey: queue) }
            try await waitUntil("some have come") { consumer.queue.count >= 5 }
            struct Enough: Error {}
            let taken = consumer.queue.close(Enough())
            for delivery in taken { channel.basicNack(delivery.tag) }
            channel.basicPublish("last", routingKey: queue)
            // Else they would come back to it again and again.
            let end = ContinuousClock.now.advanced(by: .seconds(30))
            var answer = try await channel.queueDeclare(queue, passive: true).get()
            while answer.messageCount < 11 || answer.consumerCount > 0, ContinuousClock.now < end {
                answer = try await channel.queueDeclare(queue, passive: true).get()
            }
            #expect(answer.messageCount == 11 && answer.consumerCount == 0)
            #expect(try await failure(of: channel.basicCancel(consumer.consumerTag)).code == .unknownConsumerTag)
        }
    }

    // MARK: Bounds

    @Test func aConsumersLimitHoldsTheBrokerBack() async throws {
        try await withChannel { channel in
            let (queue, count, limit) = (try await makeQueue(channel), 20_000, 10)
            let body = [UInt8](repeating: 120, count: 1024)
            _ = try await channel.confirmSelect().get()
            let publishes = (0 ..< count).map { number in
                channel.basicPublish(
                    body, routingKey: queue, properties: MessageProperties(messageID: "\(number)"))
            }
            for publish in publishes { try await publish.get() }
            let consumer = try await channel.basicConsume(queue, autoAck: true, limit: limit).get()
            var (received, most) = (0, 0)
            for try await delivery in consumer.queue {
                most = max(most, consumer.queue.count)
                #expect(try delivery.properties.messageID == "\(received)")
                received += 1
                if received == count { channel.basicCancel(consumer.consumerTag) }
            }
            #expect(received == count)
            // What one read brings is stored beyond the limit: 64 KiB.
            #expect(most <= limit + 70, "\(most) messages were stored")
        }
    }

    @Test func aLimitBelowOneIsRefused() async throws {
        try await withChannel { channel in
            let queue = try await makeQueue(channel)
            #expect(try await failure(of: channel.basicConsume(queue, limit: 0)).code == .invalidArgument)
            _ = try await channel.basicConsume(queue, limit: 1).get()
        }
    }
}
#endif
