@testable import AMQPAsync
import AMQPConnection
import Foundation
import Testing

/// `consume` with handlers, in both of its forms.
@Suite(.timeLimit(.minutes(1))) struct HandlersTests {
    enum Form: CaseIterable, Sendable {
        case tasks, threads
    }

    private func consume(
        _ form: Form, _ channel: AsyncChannel, _ queue: String, maxInFlight: UInt16 = 4, consumerTag: String? = nil,
        _ handler: @escaping @Sendable (Delivery) -> Void
    ) async throws {
        switch form {
        case .tasks:
            try await channel.consume(queue, maxInFlight: maxInFlight, consumerTag: consumerTag) { handler($0) }
        case .threads:
            try await channel.consume(
                queue, on: WorkerPool(threadCount: 4), maxInFlight: maxInFlight, consumerTag: consumerTag,
                handler: handler)
        }
    }

    @Test(arguments: [false, true]) func `a close lets async handlers end and acknowledge`(
        ofConnection: Bool
    ) async throws {
        try await withBroker { keeper in
            let other = try await keeper.channel()
            let queue = try await other.queueDeclare(uniqueName()).queue
            try await other.fill(queue, (0 ..< 20).map(String.init))
            let connection = try await AMQP.connect(try await keeper.run { $0.parameters })
            let channel = try await connection.channel()
            let started = Guarded(0)
            let handled = Guarded(0)
            let isOpen = Guarded(false)
            let task = Task {
                try await channel.consume(queue, maxInFlight: 4) { _ in
                    started.withLock { $0 += 1 }
                    while !isOpen.withLock({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
                    handled.withLock { $0 += 1 }
                }
            }
            try await waitUntil("four have begun") { started.withLock { $0 } == 4 }
            async let closed: Void = ofConnection ? connection.close() : channel.close()
            try await waitUntil("the close has begun") {
                try await channel.run { $0.isClosing }
            }
            isOpen.withLock { $0 = true }
            try await closed
            try await task.value
            #expect(handled.withLock { $0 } == 4)
            try await connection.close()
            #expect(try await other.messageCount(queue) == 16, "the four were acknowledged")
            try await other.queueDelete(queue)
        }
    }

    @Test(arguments: Form.allCases) func `a cancel by name ends the call that consumes`(form: Form) async throws {
        try await withQueue { channel, queue in
            try await channel.fill(queue, ["a", "b", "c"])
            let handled = Guarded<[String]>([])
            let task = Task {
                try await consume(form, channel, queue, maxInFlight: 1, consumerTag: "c") { delivery in
                    handled.withLock { $0.append(delivery.text) }
                }
            }
            try await waitUntil("all were handled") { handled.withLock { $0.count } == 3 }
            #expect(try await channel.basicCancel("c").consumerTag == "c")
            try await task.value
            #expect(try await channel.run { $0.consumerTags } == [])
            #expect(try await channel.seat.reply { $1.finish(.success($0.handlerWaits.count)) } == 0)
            await #expect { try await channel.basicCancel("c") } throws: {
                ($0 as? AMQPError)?.code == .unknownConsumerTag
            }
            #expect(try await channel.messageCount(queue) == 0, "all were acknowledged")
        }
    }

    @Test func `a handler may cancel its consumer, and is acknowledged`() async throws {
        try await withQueue { channel, queue in
            try await channel.fill(queue, ["a", "b"])
            try await channel.consume(queue, consumerTag: "c") { delivery in
                #expect(delivery.text == "a")
                try await channel.basicCancel("c")
            }
            try await waitUntil("one was acknowledged, the other is back") {
                try await channel.messageCount(queue) == 1
            }
        }
    }

    @Test(arguments: Form.allCases) func `a consumer that cannot be had is no consumer`(form: Form) async throws {
        try await withQueue { channel, queue in
            await #expect { try await consume(form, channel, queue, maxInFlight: 0) { _ in } } throws: {
                ($0 as? AMQPError)?.code == .invalidArgument
            }
            let task = Task { try await consume(form, channel, queue, consumerTag: "c") { _ in } }
            try await waitUntil("it consumes") { try await channel.run { $0.consumerTags } == ["c"] }
            await #expect { try await consume(form, channel, queue, consumerTag: "c") { _ in } } throws: {
                ($0 as? AMQPError)?.code == .duplicateConsumerTag
            }
            try await channel.basicCancel("c")
            try await task.value
            let missing = uniqueName("missing")
            await #expect { try await consume(form, channel, missing) { _ in } } throws: {
                ($0 as? AMQPError)?.replyCode == 404
            }
        }
    }

    @Test(arguments: Form.allCases) func `a close beside another that waits for handlers waits, too`(
        form: Form
    ) async throws {
        try await withQueue { channel, queue in
            try await channel.fill(queue, ["a"])
            let hasBegun = Guarded(false)
            let mayEnd = Guarded(false)
            let task = Task {
                try await consume(form, channel, queue) { _ in
                    hasBegun.withLock { $0 = true }
                    while !mayEnd.withLock({ $0 }) { Thread.sleep(forTimeInterval: 0.005) }
                }
            }
            try await waitUntil("it was begun") { hasBegun.withLock { $0 } }
            async let first: Void = channel.close()
            try await waitUntil("the close waits") { try await channel.run { $0.isClosing && $0.isOpen } }
            async let second: Void = channel.close()
            mayEnd.withLock { $0 = true }
            try await first
            try await second
            try await task.value
        }
    }

    @Test func `a reply that has come is not kept by what would withdraw it`() async throws {
        let seen = Guarded<Weak?>(nil)
        let result: Result<Int, AMQPError> = await withCheckedContinuation { continuation in
            let pending = PendingReply<Int>()
            _ = pending.begin(continuation)
            pending.finish(.success(1))
            pending.withdraw = { pending.finish(.failure(.cancelled)) }
            seen.withLock { $0 = Weak(pending) }
        }
        #expect(try result.get() == 1)
        #expect(seen.withLock { $0?.pending == nil })
    }

    private struct Weak: Sendable {
        weak let pending: PendingReply<Int>?

        init(_ pending: PendingReply<Int>) {
            self.pending = pending
        }
    }
}
