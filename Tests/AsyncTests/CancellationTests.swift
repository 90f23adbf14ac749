import AMQPAsync
import Foundation
import Synchronization
import Testing

/// Tasks that are cancelled at any await: replies stay with those who asked for them.
@Suite(.timeLimit(.minutes(5))) struct CancellationTests {
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
        var connection: AsyncConnection
        var channels: [AsyncChannel]
    }

    private static let namedCount = 6
    private static let messagesEach = 40

    /// The number of calls, ten of eleven of which are cancelled; the environment may ask for more.
    private static var callCount: Int {
        ProcessInfo.processInfo.environment["OCHOTONA_CANCELLATIONS"].flatMap(Int.init) ?? 11_000
    }

    private func prepare(_ connection: AsyncConnection) async throws -> Field {
        let setup = try await connection.channel()
        var field = Field(counted: [], named: [], connection: connection, channels: [])
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
        default:
            let own = try await field.connection.channel()
            let answer = try await own.queueDeclare(field.counted[index], passive: true)
            try await own.close()
            return answer.messageCount == index ? nil : "declare \(index) on channel \(own.number): \(answer)"
        }
    }

    /// Makes calls one after the other, and cancels each after a random while.
    private static func work(_ numbers: StrideTo<Int>, _ field: Field) async -> Tally {
        var tally = Tally()
        var random = SystemRandomNumberGenerator()
        for number in numbers {
            let kind = Int.random(in: 0 ... 9, using: &random)
            let task = Task { () async -> Result<String?, AMQPError> in
                do throws(AMQPError) {
                    return .success(try await call(kind, number, field))
                } catch {
                    return .failure(error)
                }
            }
            // From before its first await to after its last one.
            for _ in 0 ..< Int.random(in: 0 ... 3, using: &random) { await Task.yield() }
            let delay = Int.random(in: 0 ... 40_000, using: &random)
            if delay > 500 { try? await Task.sleep(for: .microseconds(delay - 500)) }
            // Every eleventh may take its time, however slow the machine is.
            if !number.isMultiple(of: 11) { task.cancel() }
            switch await task.value {
            case .success(nil): tally.answered += 1
            case .success(let problem?): tally.misrouted.append(problem)
            case .failure(let error) where error.code == .cancelled: tally.cancelled += 1
            case .failure(let error): tally.failed.append("\(kind): \(error)")
            }
        }
        return tally
    }

    @Test func `no reply goes astray when tasks are cancelled at random`() async throws {
        try await withBroker { connection in
            let field = try await prepare(connection)
            let workers = 32
            var sum = Tally()
            await withTaskGroup { group in
                for worker in 0 ..< workers {
                    group.addTask { await Self.work(stride(from: worker, to: Self.callCount, by: workers), field) }
                }
                // That every task is joined shows that every continuation was resumed.
                for await tally in group {
                    sum.answered += tally.answered
                    sum.cancelled += tally.cancelled
                    sum.misrouted += tally.misrouted
                    sum.failed += tally.failed
                }
            }
            print("\(Self.callCount) calls: \(sum.answered) answered, \(sum.cancelled) cancelled")
            #expect(sum.misrouted == [])
            #expect(sum.failed == [])
            #expect(sum.answered + sum.cancelled == Self.callCount)
            #expect(sum.answered > Self.callCount / 20 && sum.cancelled > Self.callCount / 20)
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
            // The channels that were opened are closed again: their numbers are free.
            try await waitUntil("the lowest numbers are free") {
                let next = try await connection.channel()
                try await next.close()
                return Int(next.number) <= field.channels.count + 2
            }
        }
    }
}
