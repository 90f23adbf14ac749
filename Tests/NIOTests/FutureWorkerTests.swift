#if NIO
internal import AMQPNIO
internal import AMQPPosix
internal import AdapterKit
internal import BrokerSupport
internal import NIOCore
internal import NIOEmbedded
internal import NIOPosix
internal import Synchronization
internal import Testing

/// Consumers with handlers on other threads; here the test says when they run, but for the last ones.
@Suite(.timeLimit(.minutes(1))) struct FutureWorkerTests {
    private struct Mishap: Error {}

    /// Keeps work until it is told to run it.
    private final class HeldWork: WorkExecutor {
        private let work = Mutex<[@Sendable () -> Void]>([])

        func submit(_ work: @escaping @Sendable () -> Void) {
            self.work.withLock { $0.append(work) }
        }

        var count: Int { work.withLock { $0.count } }

        func runFirst() {
            work.withLock { $0.removeFirst() }()
        }
    }

    private func deliver(_ session: EmbeddedSession) throws {
        session.broker.deliver(BrokerMessage(routingKey: "jobs", body: [1]), tag: "c", channel: 1)
        try session.run()
    }

    private func start(
        onFailure: HandlerErrorPolicy = .nack(requeue: true), _ handler: @escaping @Sendable (Delivery) throws -> Void
    ) throws -> (EmbeddedSession, FutureChannel, HeldWork, FutureWorker) {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        _ = try session.value(channel.queueDeclare("jobs"))
        let work = HeldWork()
        let worker = try session.value(
            channel.consume(
                "jobs", on: work, maxInFlight: 2, consumerTag: "c", onFailure: onFailure, handler: handler))
        return (session, channel, work, worker)
    }

    @Test func aMessageIsAcknowledgedWhenItsHandlerHasReturned() throws {
        let (session, _, work, worker) = try start { _ in }
        #expect(worker.consumerTag == "c")
        let count = session.record.methodNames.count
        try deliver(session)
        try deliver(session)
        try deliver(session)
        #expect(work.count == 2 && session.methods(after: count).isEmpty)
        work.runFirst()
        try session.run()
        #expect(work.count == 2)
        #expect(session.methods(after: count) == ["basic.ack"])
        #expect(worker.ended.resultNow == nil)
    }

    @Test func whatAHandlerThrowsLeadsToThePolicy() throws {
        let (session, _, work, _) = try start { _ in throw Mishap() }
        let count = session.record.methodNames.count
        try deliver(session)
        work.runFirst()
        try session.run()
        #expect(session.methods(after: count) == ["basic.nack"])
    }

    @Test func aCancelWaitsForTheHandlersAndEndsTheWorker() throws {
        let (session, channel, work, worker) = try start { _ in }
        let count = session.record.methodNames.count
        try deliver(session)
        let cancelled = channel.basicCancel("c")
        try session.run()
        #expect(cancelled.resultNow == nil && worker.ended.resultNow == nil)
        work.runFirst()
        #expect(try session.value(cancelled).consumerTag == "c")
        #expect(try session.value(worker.ended).code == .consumerCancelled)
        #expect(session.methods(after: count) == ["basic.cancel", "basic.ack"])
        #expect(try session.error(channel.basicCancel("c")).code == .unknownConsumerTag)
    }

    @Test func aCloseWaitsForTheHandlersAndEndsTheWorker() throws {
        let (session, channel, work, worker) = try start { _ in }
        let count = session.record.methodNames.count
        try deliver(session)
        let closed = channel.close()
        try session.run()
        #expect(closed.resultNow == nil)
        work.runFirst()
        try session.value(closed)
        #expect(session.methods(after: count) == ["basic.cancel", "basic.ack", "channel.close"])
        #expect(try session.value(worker.ended).code == .channelClosedByClient)
    }

    @Test func theBrokersCancelEndsTheWorker() throws {
        let (session, channel, _, worker) = try start { _ in }
        session.broker.send(.basicCancel(BasicCancel(consumerTag: "c", noWait: true)), channel: 1)
        #expect(try session.value(worker.ended).code == .consumerCancelled)
        #expect(try session.error(channel.basicCancel("c")).code == .unknownConsumerTag)
    }

    @Test func aLostStreamEndsTheWorker() throws {
        let (session, _, work, worker) = try start { _ in }
        try deliver(session)
        try session.lose()
        #expect(try session.value(worker.ended).code == .streamLost)
        work.runFirst()
        try session.run()
    }

    @Test func aWorkerThatCannotStartSaysWhy() throws {
        let (session, channel, work, _) = try start { _ in }
        #expect(try session.error(channel.consume("jobs", on: work, maxInFlight: 0) { _ in }).code == .invalidArgument)
        #expect(
            try session.error(channel.consume("jobs", on: work, consumerTag: "c") { _ in }).code
                == .duplicateConsumerTag)
        #expect(!channel.isClosed)
    }

    // MARK: On the real broker

    private func connected(
        _ change: (inout ConnectionParameters) -> Void = { _ in },
        _ body: (FutureConnection, FutureChannel, _ queue: String) async throws -> Void
    ) async throws {
        var parameters = try TestBroker.parameters()
        change(&parameters)
        // An event loop of its own: other tests block theirs.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let outcome: Result<Void, any Error>
        do {
            let connection = try await FutureConnection.connect(parameters, on: group.next()).get()
            let channel = try await connection.channel().get()
            try await body(connection, channel, try await channel.queueDeclare(exclusive: true).get().queue)
            try await connection.close().get()
            outcome = .success(())
        } catch {
            outcome = .failure(error)
        }
        try await group.shutdownGracefully()
        try outcome.get()
    }

    @Test func aHandlerThatSleepsForThreeHeartbeatsKeepsTheConnection() async throws {
        try await connected({ $0.heartbeat = .seconds(4) }) { connection, channel, queue in
            _ = try await channel.confirmSelect().get()
            try await channel.basicPublish("a", routingKey: queue).get()
            let (handled, continuation) = AsyncStream.makeStream(of: String.self)
            let worker = try await channel.consume(queue, on: WorkerPool(threadCount: 1)) { delivery in
                System.sleep(.milliseconds(12_500))
                continuation.yield(delivery.text)
                continuation.finish()
            }.get()
            #expect(await handled.reduce(into: []) { $0.append($1) } == ["a"])
            try await channel.close().get()
            #expect(try await worker.ended.get().code == .channelClosedByClient)
            let other = try await connection.channel().get()
            #expect(try await other.queueDeclare(queue, passive: true).get().messageCount == 0, "it was acknowledged")
        }
    }

    @Test func aCallbackThatBlocksTheEventLoopIsNamed() async throws {
        try await connected { connection, channel, queue in
            let (stalls, continuation) = AsyncStream.makeStream(of: CallbackStall.self)
            try await connection.withConnection { connection in
                connection.stallThreshold = .milliseconds(50)
                connection.onStall { _, stall in
                    continuation.yield(stall)
                    continuation.finish()
                }
                return ()
            }.get()
            let consumer = try await channel.basicConsume(queue, consumerTag: "slow", autoAck: true).get()
            let blocked = consumer.queue.get().map { _ in System.sleep(.milliseconds(100)) }
            channel.basicPublish("a", routingKey: queue)
            try await blocked.get()
            let stall = try #require(await stalls.first { _ in true })
            #expect(stall.callbacks == ["the handler of consumer \"slow\" on channel \(channel.number)"])
            #expect(stall.duration >= .milliseconds(100))
        }
    }
}
#endif
