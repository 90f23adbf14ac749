#if NIO
internal import AMQPNIO
internal import NIOCore
internal import NIOEmbedded
internal import Testing

@Suite struct FutureQueueTests {
    private struct Reason: Error, Equatable {
        var number = 1
    }

    private let eventLoop = EmbeddedEventLoop()

    private func error<Value: Sendable>(_ future: EventLoopFuture<Value>) -> Reason? {
        guard case .failure(let error)? = future.resultNow else { return nil }
        return error as? Reason
    }

    @Test func itemsGoToThoseWhoAskedInTheirOrder() throws {
        let queue = FutureQueue<Int>(on: eventLoop)
        let first = queue.get()
        let second = queue.get()
        #expect(queue.waitingCount == 2)
        for item in 1 ... 4 { try queue.put(item) }
        let third = queue.get()
        #expect(try [first, second, third].map { try $0.wait() } == [1, 2, 3])
        #expect(queue.count == 1)
        #expect(queue.getNow() == 4)
        #expect(queue.getNow() == nil)
    }

    @Test func puttingIntoAClosedQueueThrowsTheReason() {
        let queue = FutureQueue<Int>(on: eventLoop)
        queue.close(Reason())
        #expect(throws: Reason()) { try queue.put(1) }
        #expect(queue.count == 0)
    }

    @Test func gettingFromAClosedQueueFailsWithTheReason() {
        let queue = FutureQueue<Int>(on: eventLoop)
        queue.close(Reason())
        #expect(error(queue.get()) == Reason())
    }

    @Test func closingDiscardsWhatIsStored() throws {
        let queue = FutureQueue<Int>(on: eventLoop)
        try queue.put(1)
        try queue.put(2)
        #expect(queue.close(Reason()) == [1, 2])
        #expect(queue.isClosed)
        #expect(queue.count == 0)
        #expect(error(queue.get()) == Reason())
    }

    @Test func closingFailsThoseWhoWait() {
        let queue = FutureQueue<Int>(on: eventLoop)
        let waiting = [queue.get(), queue.get()]
        queue.close(Reason())
        #expect(waiting.map { error($0) } == [Reason(), Reason()])
        #expect(queue.waitingCount == 0)
    }

    @Test func closingTwiceKeepsTheFirstReason() {
        let queue = FutureQueue<Int>(on: eventLoop)
        queue.close(Reason(number: 1))
        queue.close(Reason(number: 2))
        #expect(queue.closeReason as? Reason == Reason(number: 1))
        #expect(error(queue.get()) == Reason(number: 1))
    }

    @Test func aQueueThatIsFullRefusesItems() throws {
        let queue = FutureQueue<Int>(on: eventLoop, limit: 2)
        try queue.put(1)
        try queue.put(2)
        #expect(throws: FutureQueueFull(limit: 2)) { try queue.put(3) }
        #expect(queue.getNow() == 1)
        try queue.put(3)
        #expect(queue.close(Reason()) == [2, 3])
    }

    @Test func aQueueThatIsDroppedFailsThoseWhoWait() {
        var queue: FutureQueue<Int>? = FutureQueue(on: eventLoop)
        let waiting = queue?.get()
        queue = nil
        guard case .failure(let error as AMQPError)? = waiting?.resultNow else {
            Issue.record("still waiting")
            return
        }
        #expect(error.code == .consumerCancelled)
    }
}

/// The queue as a sequence, on an event loop that runs by itself.
@Suite struct FutureQueueSequenceTests {
    private struct Reason: Error, Equatable {}

    @Test func iteratesUntilTheReason() async throws {
        let queue = FutureQueue<Int>(on: NIOAsyncTestingEventLoop())
        for item in 1 ... 3 { try queue.put(item) }
        var iterator = queue.makeAsyncIterator()
        for item in 1 ... 3 { #expect(try await iterator.next() == item) }
        queue.close(Reason())
        await #expect(throws: Reason()) { _ = try await iterator.next() }
    }

    @Test func endsWithoutAnErrorWhenTheProgramCancelledTheConsumer() async throws {
        let queue = FutureQueue<Int>(on: NIOAsyncTestingEventLoop())
        queue.close(AMQPError(.consumerCancelled, blame: .application, "cancelled"))
        for try await item in queue { Issue.record("there was \(item)") }
        let other = FutureQueue<Int>(on: NIOAsyncTestingEventLoop())
        other.close(AMQPError(.consumerCancelled, blame: .peer, "the broker cancelled"))
        await #expect(throws: AMQPError.self) { for try await _ in other {} }
    }

    @Test(arguments: 0 ..< 50) func aCancelledTaskLosesNoItem(round: Int) async throws {
        let queue = FutureQueue<Int>(on: NIOAsyncTestingEventLoop())
        let task = Task { () -> Int? in
            var iterator = queue.makeAsyncIterator()
            return try await iterator.next()
        }
        if round % 2 == 0 { while queue.waitingCount == 0 { await Task.yield() } }
        let putting = Task { try queue.put(7) }
        task.cancel()
        try await putting.value
        switch await task.result {
        case .success(let item):
            #expect(item == 7)
            #expect(queue.count == 0)
        case .failure(let error):
            #expect(error is CancellationError)
            #expect(queue.getNow() == 7)
        }
        #expect(queue.waitingCount == 0)
    }
}
#endif
