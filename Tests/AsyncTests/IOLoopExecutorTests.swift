@testable import AMQPAsync
import AMQPConnection
import AMQPLibev
import AMQPPosix
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

        /// Reads a number of deliveries; says in how many turns of the loop.
        func turns(reading count: Int, of deliveries: Deliveries) async throws -> Int {
            try await turnsOfLoop(reading: count, of: deliveries, on: executor)
        }

        func add(_ text: String) { texts.append(text) }
        func all() -> [String] { texts }
        func isOnLoop() -> Bool { executor.mailbox.isCurrent }
    }

    /// Runs `body` with the executor of a libev loop that a thread of its own runs.
    private func withLibev(_ body: (IOLoopExecutor) async throws -> Void) async throws {
        let ready = Guarded<IOLoopExecutor?>(nil)
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
            let task = Task(executorPreference: executor.taskExecutor) { () async throws -> [Bool] in
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

    @Test func `reading deliveries on the loop takes a hop for each batch and none for each message`() async throws {
        let parameters = try TestBroker.parameters()
        let count = 1_000
        try await withLibev { executor in
            let connection = try await AMQP.connect(parameters, on: executor)
            let channel = try await connection.channel()
            let collector = Collector(on: executor)
            for isActor in [true, false] {
                let queue = try await channel.queueDeclare(exclusive: true).queue
                try await channel.confirmSelect()
                for _ in 1 ..< count { try await channel.publish("x", routingKey: queue) }
                try await channel.publishConfirmed("x", routingKey: queue)
                let deliveries = try await channel.basicConsume(queue, prefetch: nil, autoAck: true)
                let turns =
                    if isActor {
                        try await collector.turns(reading: count, of: deliveries)
                    } else {
                        try await Task(executorPreference: executor.taskExecutor) {
                            try await turnsOfLoop(reading: count, of: deliveries, on: executor)
                        }.value
                    }
                #expect(
                    (1 ..< count / 4).contains(turns),
                    "\(isActor ? "actor" : "task"): \(turns) turns for \(count) messages")
            }
            try await connection.close()
        }
    }

    @Test func `many actors and tasks on one loop change nothing at once`() async throws {
        try await withLibev { executor in
            let collectors = (0 ..< 4).map { _ in Collector(on: executor) }
            await withTaskGroup { group in
                for number in 0 ..< 200 {
                    for collector in collectors {
                        group.addTask { await collector.add("\(number)") }
                        group.addTask(executorPreference: executor.taskExecutor) { await collector.add("\(number)") }
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

    /// What only one may be in at a time.
    private final class Room: Sendable {
        private let isOccupied = Atomic(false)
        private let meetings = Atomic(0)
        private let arrivals = Atomic(0)
        private let visits = Atomic(0)

        var meetingCount: Int { meetings.load(ordering: .acquiring) }
        var arrivalCount: Int { arrivals.load(ordering: .acquiring) }
        var visitCount: Int { visits.load(ordering: .acquiring) }

        func visit(_ stay: () -> Void = {}) {
            if isOccupied.exchange(true, ordering: .acquiringAndReleasing) {
                meetings.add(1, ordering: .acquiringAndReleasing)
            }
            arrivals.add(1, ordering: .acquiringAndReleasing)
            stay()
            isOccupied.store(false, ordering: .releasing)
            visits.add(1, ordering: .acquiringAndReleasing)
        }
    }

    /// Goes into a room on a loop.
    private actor Visitor {
        nonisolated let executor: IOLoopExecutor
        nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
        private let room: Room

        init(_ room: Room, on executor: IOLoopExecutor) {
            self.room = room
            self.executor = executor
        }

        func visit(_ stay: @Sendable () -> Void = {}) { room.visit(stay) }
    }

    @Test func `jobs of a loop that is closing wait for those that it has accepted`() async throws {
        let room = Room()
        let visitors = Guarded<[Visitor]>([])
        let mayClose = Guarded(false)
        async let ended: Void = onOwnThread {
            let loop = SelectLoop()
            visitors.withLock { $0 = (0 ..< 2).map { _ in Visitor(room, on: IOLoopExecutor(loop)) } }
            while !mayClose.withLock({ $0 }) { Thread.sleep(forTimeInterval: 0.001) }
            loop.close()
        }
        try await waitUntil("the loop is there") { visitors.withLock { $0.count } == 2 }
        let pair = visitors.withLock { $0 }
        await withTaskGroup { group in
            group.addTask {
                await pair[0].visit {
                    // As long as others would need to come in, and longer.
                    let end = ContinuousClock.now.advanced(by: .milliseconds(300))
                    while room.meetingCount == 0, ContinuousClock.now < end { Thread.sleep(forTimeInterval: 0.001) }
                }
            }
            while pair[0].executor.mailbox.isEmpty { await Task.yield() }
            mayClose.withLock { $0 = true }
            // The loop runs it while it closes.
            while room.arrivalCount == 0 { await Task.yield() }
            for _ in 0 ..< 50 {
                for visitor in pair { group.addTask { await visitor.visit() } }
            }
        }
        try await ended
        #expect(room.meetingCount == 0)
        #expect(room.visitCount == 101)
    }
}

/// Reads a number of deliveries on the loop; says in how many turns that was done.
private func turnsOfLoop(reading count: Int, of deliveries: Deliveries, on executor: IOLoopExecutor) async throws -> Int
{
    var received = 0
    var turns = 0
    var last: UInt64?
    for try await _ in deliveries {
        let turn = try executor.withLoop { ($0 as? HostedLoop)?.turnNumber }
        if turn != last { turns += 1 }
        last = turn
        received += 1
        if received == count { break }
    }
    return turns
}
