#if NIO
internal import AMQPNIO
internal import NIOCore
internal import NIOEmbedded
internal import NIOPosix
internal import Testing

/// The loop on event loops with a clock of their own.
@Suite struct NIOLoopTests {
    private let eventLoop = EmbeddedEventLoop()

    @Test func timersFollowTheEventLoopsClock() {
        let loop = NIOLoop(on: eventLoop)
        var events: [String] = []
        let begin = loop.now
        loop.callLater(.seconds(2)) { events.append("late") }
        loop.callLater(.seconds(1)) { events.append("early") }
        eventLoop.advanceTime(by: .milliseconds(999))
        #expect(events == [])
        eventLoop.advanceTime(by: .milliseconds(1))
        #expect(events == ["early"])
        eventLoop.advanceTime(by: .seconds(1))
        #expect(events == ["early", "late"])
        #expect(begin.duration(to: loop.now) == .seconds(2))
    }

    @Test func aTimerHandsOnWhatItsClosureCaptured() {
        let loop = NIOLoop(on: eventLoop)
        var sum = 0
        func add(_ number: Int, _ other: Int) { sum += number * other }
        loop.callLater(.zero) { add(6, 7) }
        #expect(sum == 0)
        eventLoop.run()
        #expect(sum == 42)
    }

    @Test func aCancelledTimerDoesNotRun() {
        let loop = NIOLoop(on: eventLoop)
        var count = 0
        let timer = loop.callLater(.seconds(1)) { count += 1 }
        timer.cancel()
        eventLoop.advanceTime(by: .seconds(2))
        #expect(count == 0)
    }

    @Test func cancellingATimerTwiceIsHarmless() {
        let loop = NIOLoop(on: eventLoop)
        let timer = loop.callLater(.seconds(1)) { Issue.record("it ran") }
        timer.cancel()
        timer.cancel()
        eventLoop.advanceTime(by: .seconds(2))
    }

    @Test func cancellingATimerThatHasRunIsHarmless() {
        let loop = NIOLoop(on: eventLoop)
        var count = 0
        let timer = loop.callLater(.zero) { count += 1 }
        eventLoop.run()
        timer.cancel()
        eventLoop.run()
        #expect(count == 1)
    }

    @Test func callbacksOfTheMailboxRunInOrder() throws {
        let loop = NIOLoop(on: eventLoop)
        let log = FutureQueue<Int>(on: eventLoop)
        for number in 1 ... 3 { try loop.addCallbackThreadsafe { try? log.put(number) } }
        #expect(log.count == 0)
        eventLoop.run()
        #expect([log.getNow(), log.getNow(), log.getNow()] == [1, 2, 3])
    }

    @Test func anEventLoopWithoutSocketsSaysSo() throws {
        let loop = NIOLoop(on: eventLoop)
        var code: AMQPError.Code?
        _ = loop.connect(to: .ipv4(0x7F00_0001, port: 5672), options: SocketOptions()) { result in
            if case .failure(let error) = result { code = error.code }
        }
        #expect(code == nil)
        eventLoop.run()
        #expect(code == .connectFailed)
    }

    @Test func aClosedLoopRefusesCallbacks() {
        let loop = NIOLoop(on: eventLoop)
        loop.close()
        #expect(throws: AMQPError.self) { try loop.addCallbackThreadsafe {} }
    }

    @Test func aLoopThatIsDroppedIsReleased() {
        weak var loop: NIOLoop?
        do {
            let made = NIOLoop(on: eventLoop)
            made.callLater(.seconds(1)) { Issue.record("it ran") }
            loop = made
        }
        #expect(loop == nil)
        eventLoop.advanceTime(by: .seconds(2))
    }

}

/// The loop on event loops that run by themselves.
@Suite struct NIOLoopThreadTests {
    @Test func anEventLoopThatIsShutDownClosesTheLoop() async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.next()
        let mailbox = try await eventLoop.submit {
            let loop = NIOLoop(on: eventLoop)
            // The event loop itself keeps the loop until it is closed.
            loop.callLater(.seconds(3600)) { withExtendedLifetime(loop) {} }
            return loop.mailbox
        }.get()
        try await group.shutdownGracefully()
        #expect(mailbox.isClosed)
        #expect(throws: AMQPError.self) { try mailbox.addCallbackThreadsafe {} }
    }

    @Test func worksOnAnAsyncTestingEventLoop() async throws {
        let eventLoop = NIOAsyncTestingEventLoop()
        let log = FutureQueue<Int>(on: eventLoop)
        let loop = try await eventLoop.submit { () -> NIOLoopBound<NIOLoop> in
            let loop = NIOLoop(on: eventLoop)
            loop.callLater(.seconds(5)) { try? log.put(5) }
            return NIOLoopBound(loop, eventLoop: eventLoop)
        }.get()
        await eventLoop.advanceTime(by: .seconds(4))
        #expect(log.count == 0)
        await eventLoop.advanceTime(by: .seconds(1))
        #expect(log.getNow() == 5)
        await eventLoop.shutdownGracefully()
        _ = loop
    }
}
#endif
