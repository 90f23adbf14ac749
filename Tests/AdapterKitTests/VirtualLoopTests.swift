internal import AMQPConnection
internal import AdapterKit
internal import Testing

@Suite struct VirtualLoopTests {
    @Test func clockJumpsToTheNextDeadline() {
        let loop = VirtualLoop()
        let begin = loop.now
        var fired: [Duration] = []
        loop.callLater(.seconds(3600)) { fired.append(begin.duration(to: loop.now)) }
        loop.callLater(.milliseconds(1)) { fired.append(begin.duration(to: loop.now)) }
        loop.start()
        #expect(fired == [.milliseconds(1), .seconds(3600)])
    }

    @Test func advanceRunsWhatIsDueAndLeavesTheRest() {
        let loop = VirtualLoop()
        var fired: [String] = []
        loop.callLater(.seconds(1)) { fired.append("first") }
        loop.callLater(.seconds(3)) { fired.append("second") }
        let begin = loop.now
        loop.advance(by: .seconds(2))
        #expect(fired == ["first"])
        #expect(begin.duration(to: loop.now) == .seconds(2))
    }

    @Test func turnRunsEventsThenMailboxThenTimersThenObservers() throws {
        final class Observer: TurnObserver {
            var body: () -> Void = {}
            func turnEnded() { body() }
        }
        let loop = VirtualLoop()
        // SAFETY: one thread runs everything in this test.
        nonisolated(unsafe) var order: [String] = []
        let observer = Observer()
        observer.body = { order.append("end") }
        loop.callLater(.zero) { order.append("timer") }
        try loop.addCallbackThreadsafe { order.append("mailbox") }
        loop.schedule { order.append("event") }
        loop.callAtEndOfTurn(observer)
        loop.settle()
        #expect(order == ["event", "mailbox", "timer", "end"])
        #expect(loop.turnCount == 1)
    }

    @Test func zeroDelayWaitsForTheNextTurn() {
        let loop = VirtualLoop()
        var turns: [Int] = []
        loop.callLater(.zero) {
            turns.append(loop.turnCount)
            loop.callLater(.zero) { turns.append(loop.turnCount) }
        }
        loop.settle()
        #expect(turns == [1, 2])
    }

    @Test func cancelledInTheSameBatchDoesNotRun() {
        let loop = VirtualLoop()
        var fired = false
        var victim: TimerHandle?
        loop.callLater(.zero) { victim?.cancel() }
        victim = loop.callLater(.zero) { fired = true }
        loop.settle()
        #expect(!fired)
    }

    @Test func runGivesUpWhenNothingCanHappen() {
        let loop = VirtualLoop()
        #expect(!loop.run(until: { false }))
        loop.turnLimitPerInstant = 100
        func again() { loop.callLater(.zero) { again() } }
        again()
        #expect(!loop.run(until: { false }))
    }

    @Test func answersOfResolveAndConnectComeLater() throws {
        let loop = VirtualLoop()
        loop.onConnect = { _, _ in .stream(MemoryPipe(on: loop).client, after: .seconds(1)) }
        var addresses: [SocketAddress] = []
        var stream: (any StreamTransport)?
        _ = loop.resolve("broker", port: 5672) { addresses = (try? $0.get()) ?? [] }
        _ = loop.connect(to: .unix(path: "x"), options: SocketOptions()) { stream = try? $0.get() }
        let cancelled = loop.connect(to: .unix(path: "x"), options: SocketOptions()) { _ in Issue.record("cancelled") }
        cancelled.cancel()
        #expect(addresses.isEmpty && stream == nil)
        loop.advance(by: .seconds(1))
        #expect(addresses == [.ipv4(0x7F00_0001, port: 5672)])
        #expect(stream != nil)
    }

    @Test func closedLoopRunsWhatItAcceptedAndRefusesTheRest() throws {
        let loop = VirtualLoop()
        // SAFETY: one thread runs everything in this test.
        nonisolated(unsafe) var ran = false
        try loop.addCallbackThreadsafe { ran = true }
        loop.close()
        #expect(ran)
        #expect(throws: AMQPError.self) { try loop.addCallbackThreadsafe {} }
    }
}
