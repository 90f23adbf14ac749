import AMQPAsync
import AMQPConnection
import BrokerSupport
import Foundation
import Synchronization
import Testing

/// Tasks that are cancelled at any await: replies stay with those who asked for them.
@Suite(.timeLimit(.minutes(15))) struct CancellationTests {
    /// What became of the calls.
    private struct Tally: Sendable {
        var answered = 0
        var cancelled = 0
        var misrouted: [String] = []
        var failed: [String] = []
    }

    /// What the calls work with: queues whose answers can be told apart.
    private struct Field: Sendable {
        /// Queue `n` holds `n` messages.
        var counted: [String]
        /// Each holds messages that say its name.
        var named: [String]
        /// Messages that say its name come and go in each.
        var fed: [String]
        /// How to make a connection whose name begins in a way of its own.
        var parameters: ConnectionParameters
        var connection: AsyncConnection
        var channels: [AsyncChannel]
    }

    private static let namedCount = 6
    private static let messagesEach = 40

    /// The number of tasks that have to end as cancelled; the environment may ask for more.
    private static var wantedCount: Int {
        ProcessInfo.processInfo.environment["OCHOTONA_CANCELLATIONS"].flatMap(Int.init) ?? 10_000
    }

    /// How many calls were begun, and how many of them were cancelled.
    private final class Progress: Sendable {
        private let begun = Atomic(0)
        private let cancelled = Atomic(0)

        /// The number of the next call; `nil` when enough were cancelled.
        func next() -> Int? {
            guard cancelled.load(ordering: .relaxed) < CancellationTests.wantedCount else { return nil }
            return begun.add(1, ordering: .relaxed).newValue
        }

        func wasCancelled() { cancelled.add(1, ordering: .relaxed) }
    }

    private func prepare(_ connection: AsyncConnection) async throws -> Field {
        let setup = try await connection.channel()
        var parameters = try await connection.run { $0.parameters }
        parameters.connectionName = uniqueName("cancelled")
        var field = Field(
            counted: [], named: [], fed: [], parameters: parameters, connection: connection, channels: [])
        for count in 0 ..< 20 {
            let queue = try await setup.queueDeclare(uniqueName("counted"), exclusive: true).queue
            try await setup.fill(queue, Array(repeating: "x", count: count))
            field.counted.append(queue)
        }
        for _ in 0 ..< Self.namedCount {
            let queue = try await setup.queueDeclare(uniqueName("named"), exclusive: true).queue
            try await setup.fill(queue, Array(repeating: queue, count: Self.messagesEach))
            field.named.append(queue)
        }
        for _ in 0 ..< 4 {
            field.fed.append(try await setup.queueDeclare(uniqueName("fed"), exclusive: true).queue)
        }
        for _ in 0 ..< 8 {
            let channel = try await connection.channel()
            try await channel.confirmSelect()
            field.channels.append(channel)
        }
        return field
    }

    /// Makes one call and checks its answer.
    ///
    /// - Returns: what was wrong with the answer; `nil` if it was the right one.
    private static func call(_ kind: Int, _ number: Int, _ field: Field) async throws(AMQPError) -> String? {
        let channel = field.channels[number % field.channels.count]
        let index = number % field.counted.count
        let named = field.named[number % field.named.count]
        switch kind {
        case 0, 1, 2:
            let answer = try await channel.queueDeclare(field.counted[index], passive: true)
            let isRight = answer.queue == field.counted[index] && answer.messageCount == index
            return isRight ? nil : "declare \(index): \(answer)"
        case 3, 4:
            guard let delivery = try await channel.basicGet(named) else { return nil }
            channel.basicReject(delivery.tag)
            return delivery.text == named ? nil : "get from \(named): \(delivery.text)"
        case 5, 6:
            let tag = "tag \(number)"
            let deliveries = try await channel.basicConsume(named, prefetch: 5, consumerTag: tag)
            guard deliveries.consumerTag == tag else { return "consume \(tag): \(deliveries.consumerTag)" }
            for try await delivery in deliveries {
                channel.basicReject(delivery.tag)
                let isRight = delivery.text == named && delivery.consumerTag == tag
                return isRight ? nil : "delivery for \(tag) from \(named): \(delivery.text)"
            }
            return "the sequence of \(tag) ended"
        case 7:
            let body = "confirmed \(number)"
            let outcome = try await channel.publishConfirmed(body, routingKey: "nowhere.\(number)", mandatory: true)
            guard case .returned(let message) = outcome, message.body.text == body else {
                return "publish \(number): \(outcome)"
            }
            return nil
        case 8:
            let queue = "own.\(number).\(field.counted[0])"
            let answer = try await channel.queueDeclare(queue, exclusive: true, autoDelete: true)
            guard answer.queue == queue else { return "declare \(queue): \(answer)" }
            return try await channel.queueDelete(queue).messageCount == 0 ? nil : "delete \(queue)"
        case 9, 10:
            let own = try await field.connection.channel()
            let answer = try await own.queueDeclare(field.counted[index], passive: true)
            try await own.close()
            return answer.messageCount == index ? nil : "declare \(index) on channel \(own.number): \(answer)"
        default: return try await callMore(kind, number, field)
        }
    }

    /// The calls of ``call(_:_:_:)`` that are used less.
    private static func callMore(_ kind: Int, _ number: Int, _ field: Field) async throws(AMQPError) -> String? {
        let channel = field.channels[number % field.channels.count]
        let fed = field.fed[number % field.fed.count]
        switch kind {
        case 11: return try await channel.flow(active: true).active ? nil : "flow"
        case 12:
            try await channel.confirmSelect()
            return nil
        case 13:
            let own = try await field.connection.channel()
            try await own.txSelect()
            try await own.publish("dropped", routingKey: field.counted[0])
            try await own.txRollback()
            try await own.txCommit()
            try await own.close()
            return nil
        case 14:
            try await field.connection.updateSecret("guest", reason: "\(number)")
            return nil
        case 15, 16:
            return try await cancelConsumer("tag \(number)", byName: kind == 15, field.named[number % 2], channel)
        case 17: return try await handle("tag \(number)", fed, channel)
        case 18:
            let sequence = try await channel.publish(fed, routingKey: fed)
            return sequence == nil ? "publish \(number) has no number" : nil
        default:
            let own = try await AMQP.connect(field.parameters, on: field.connection.executor)
            let queue = try await own.channel().queueDeclare(exclusive: true).queue
            try await own.close()
            return queue.isEmpty ? "declare on a connection of its own" : nil
        }
    }

    /// Starts a consumer and cancels it.
    private static func cancelConsumer(
        _ tag: String, byName: Bool, _ queue: String, _ channel: AsyncChannel
    ) async throws(AMQPError) -> String? {
        let deliveries = try await channel.basicConsume(queue, prefetch: 5, consumerTag: tag)
        if byName {
            let answer = try await channel.basicCancel(tag)
            guard answer.consumerTag == tag else { return "cancel \(tag): \(answer)" }
        } else {
            try await deliveries.cancel()
        }
        for try await delivery in deliveries {
            channel.basicReject(delivery.tag)
            guard delivery.text == queue, delivery.consumerTag == tag else { return "delivery for \(tag): \(delivery)" }
        }
        return nil
    }

    /// Has one message handled by a task, and acknowledged.
    private static func handle(_ tag: String, _ queue: String, _ channel: AsyncChannel) async throws(AMQPError)
        -> String?
    {
        let problem = Guarded<String?>(nil)
        try await channel.publish(queue, routingKey: queue)
        try await channel.consume(queue, consumerTag: tag) { delivery in
            if delivery.text != queue || delivery.consumerTag != tag {
                problem.withLock { $0 = "delivery for the handler of \(tag): \(delivery)" }
            }
            try await channel.basicCancel(tag)
        }
        return problem.withLock { $0 }
    }

    /// Makes calls one after the other, and cancels each after a random while.
    private static func work(_ progress: Progress, _ field: Field) async -> Tally {
        var tally = Tally()
        var random = SystemRandomNumberGenerator()
        while let number = progress.next() {
            let kind = Int.random(in: 0 ... 19, using: &random)
            let task = Task { () async -> Result<String?, AMQPError> in
                do throws(AMQPError) {
                    return .success(try await call(kind, number, field))
                } catch {
                    return .failure(error)
                }
            }
            // From before its first await to after its last one.
            for _ in 0 ..< Int.random(in: 0 ... 3, using: &random) { await Task.yield() }
            let delay = Int.random(in: 0 ... (number.isMultiple(of: 2) ? 5_000 : 40_000), using: &random)
            if delay > 500 { try? await Task.sleep(for: .microseconds(delay - 500)) }
            // Every eleventh may take its time, however slow the machine is.
            if !number.isMultiple(of: 11) { task.cancel() }
            switch await task.value {
            case .success(nil): tally.answered += 1
            case .success(let problem?): tally.misrouted.append(problem)
            case .failure(let error) where error.code == .cancelled:
                tally.cancelled += 1
                progress.wasCancelled()
            case .failure(let error): tally.failed.append("\(kind): \(error)")
            }
        }
        return tally
    }

    @Test func `no reply goes astray when tasks are cancelled at random`() async throws {
        try await withBroker { connection in
            let field = try await prepare(connection)
            let progress = Progress()
            var sum = Tally()
            await withTaskGroup { group in
                for _ in 0 ..< 32 { group.addTask { await Self.work(progress, field) } }
                // That every task is joined shows that every continuation was resumed.
                for await tally in group {
                    sum.answered += tally.answered
                    sum.cancelled += tally.cancelled
                    sum.misrouted += tally.misrouted
                    sum.failed += tally.failed
                }
            }
            print("\(sum.answered + sum.cancelled) calls: \(sum.answered) answered, \(sum.cancelled) cancelled")
            #expect(sum.misrouted == [])
            #expect(sum.failed == [])
            #expect(sum.cancelled >= Self.wantedCount && sum.answered > Self.wantedCount / 20)
            for channel in field.channels {
                let answer = try await channel.queueDeclare(field.counted[7], passive: true)
                #expect(answer.messageCount == 7, "channel \(channel.number) is usable")
                try await waitUntil("no consumer is left") { try await channel.run { $0.consumerTags } == [] }
            }
            for queue in field.named {
                try await waitUntil("every message is back in \(queue)") {
                    let answer = try await field.channels[0].queueDeclare(queue, passive: true)
                    return answer.messageCount == Self.messagesEach && answer.consumerCount == 0
                }
            }
            for queue in field.fed {
                try await waitUntil("nobody consumes from \(queue)") {
                    try await field.channels[0].queueDeclare(queue, passive: true).consumerCount == 0
                }
            }
            // The channels that were opened are closed again: their numbers are free.
            try await waitUntil("the lowest numbers are free") {
                let next = try await connection.channel()
                try await next.close()
                return Int(next.number) <= field.channels.count + 2
            }
            // So are the connections. The operator's tool takes seconds.
            let name = try #require(field.parameters.connectionName)
            try await waitUntil("no connection is left", within: .seconds(120)) {
                let list = try await onOwnThread {
                    try TestBroker.command(["ctl", "-q", "list_connections", "client_properties"])
                }
                return !list.contains(name)
            }
        }
    }
}
