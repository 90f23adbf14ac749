@testable import AMQPAsync
import AMQPLibev
import AMQPSelect
import BrokerSupport
import Foundation
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct IOLoopExecutorTests {
    /// An actor on a loop: it calls the continuation-passing API as a plain object of the loop's would.
    private actor Collector {
        nonisolated let executor: IOLoopExecutor
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
        private var texts: [String] = []

        init(on executor: IOLoopExecutor) {
            self.executor = executor
        }

        func consume(_ queue: String, on bound: LoopBound<Channel>) throws {
            _ = try bound.withValue { channel in
                channel.basicConsume(queue, autoAck: true) { _, delivery in
                    self.assumeIsolated { $0.texts.append(delivery.text) }
                }
            }
        }

        func add(_ text: String) { texts.append(text) }
        func all() -> [String] { texts }
        func isOnLoop() -> Bool { executor.mailbox.isCurrent }
    }

    /// Runs `body` with the executor of a libev loop that a thread of its own runs.
    private func withLibev(_ body: (IOLoopExecutor) async throws -> Void) async throws {
        let ready = Mutex<IOLoopExecutor?>(nil)
        async let ended: Void = onOwnThread {
            let loop = try LibevLoop()
            ready.withLock { $0 = IOLoopExecutor(loop) }
            loop.start()
            loop.close()
        }
        try await waitUntil("the loop runs") { ready.withLock { $0 != nil } }
        let executor = try #require(ready.withLock { $0.take() })
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(executor))
        } catch {
            outcome = .failure(error)
        }
        try executor.loop.execute { $0.stop() }
        try await ended
        try outcome.get()
    }

    @Test func `an actor pinned to a libev loop uses its channel directly`() async throws {
        let parameters = try TestBroker.parameters()
        try await withLibev { executor in
            let connection = try await AMQP.connect(parameters, on: executor)
            let channel = try await connection.channel()
            let queue = try await channel.queueDeclare(exclusive: true).queue
            let bound = try await channel.run { LoopBound($0) }
            let collector = Collector(on: executor)
            #expect(await collector.isOnLoop())
            try await collector.consume(queue, on: bound)
            for number in 0 ..< 10 { try await channel.publish("\(number)", routingKey: queue) }
            try await waitUntil("all messages came") { await collector.all().count == 10 }
            #expect(await collector.all() == (0 ..< 10).map(String.init))
            try await channel.close()
            try await connection.close()
        }
    }

    @Test func `a task on the executor stays on the loop and waits for nothing to publish`() async throws {
        let parameters = try TestBroker.parameters()
        try await withLibev { executor in
            let task = Task(executorPreference: executor) { () async throws -> [Bool] in
                var wasOnLoop = [executor.mailbox.isCurrent]
                let connection = try await AMQP.connect(parameters, on: executor)
                wasOnLoop.append(executor.mailbox.isCurrent)
                let channel = try await connection.channel()
                let queue = try await channel.queueDeclare(exclusive: true).queue
                wasOnLoop.append(executor.mailbox.isCurrent)
                for _ in 0 ..< 100 { try await channel.publish("x", routingKey: queue) }
                let unsent = try channel.seat.withValue { $0.channel.connection.unsentByteCount }
                #expect(unsent > 0, "all hundred were made in one turn")
                try await connection.close()
                return wasOnLoop
            }
            let wasOnLoop = try await task.value
            #expect(wasOnLoop == [true, true, true])
        }
    }

    @Test func `many actors and tasks on one loop change nothing at once`() async throws {
        try await withLibev { executor in
            let collectors = (0 ..< 4).map { _ in Collector(on: executor) }
            await withTaskGroup { group in
                for number in 0 ..< 200 {
                    for collector in collectors {
                        group.addTask { await collector.add("\(number)") }
                        group.addTask(executorPreference: executor) { await collector.add("\(number)") }
                    }
                }
            }
            for collector in collectors { #expect(await collector.all().count == 400) }
        }
    }

    @Test func `jobs of a loop that is closed still end`() async throws {
        let executor = try await onOwnThread {
            let loop = SelectLoop()
            let executor = IOLoopExecutor(loop)
            loop.close()
            return executor
        }
        let collector = Collector(on: executor)
        await withTaskGroup { group in
            for number in 0 ..< 100 { group.addTask { await collector.add("\(number)") } }
        }
        #expect(await collector.all().count == 100)
        #expect(await !collector.isOnLoop())
        await #expect { try await AMQP.connect(ConnectionParameters(), on: executor) } throws: {
            ($0 as? AMQPError)?.code == .loopClosed
        }
    }
}
