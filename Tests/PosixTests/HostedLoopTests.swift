import AMQPPoll
import AMQPPosix
import Foundation
import Synchronization
import Testing

/// Counts how often the loop told it that a turn ended.
private final class Observer: TurnObserver {
    var count = 0
    var onEnd: (() -> Void)?

    func turnEnded() {
        count += 1
        onEnd?()
    }
}

@Suite struct HostedLoopTests {
    @Test(arguments: LoopKind.allCases)
    func `a turn delivers events, then the mailbox, then timers, then its end`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let log = Guarded<[String]>([])
            let (reader, writer) = try System.pipe()
            defer {
                System.close(reader)
                System.close(writer)
            }
            let observer = Observer()
            observer.onEnd = { log.withLock { $0.append("end") } }
            loop.callAtEndOfTurn(observer)
            loop.callLater(.zero) { log.withLock { $0.append("timer") } }
            try loop.addCallbackThreadsafe { log.withLock { $0.append("mailbox") } }
            try loop.setReader(reader) { log.withLock { $0.append("event") } }
            _ = try [UInt8(1)].withUnsafeBytes { try System.write(writer, $0) }
            loop.step()
            #expect(log.withLock { $0 } == ["event", "mailbox", "timer", "end"])
            loop.removeReader(reader)
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `what a callback posts waits for the next turn`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let count = Atomic<Int>(0)
            let mailbox = loop.mailbox
            @Sendable func post() {
                count.add(1, ordering: .relaxed)
                try? mailbox.addCallbackThreadsafe(post)
            }
            post()
            for turn in 1 ... 5 {
                loop.step(timeLimit: .seconds(5))
                #expect(count.load(ordering: .relaxed) == turn + 1)
            }
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `eight threads post ten thousand callbacks each, and each thread's stay in order`(kind: LoopKind) async throws
    {
        try await onThread(limit: 60) {
            let loop = try kind.make()
            let seen = Guarded<[[Int]]>(Array(repeating: [], count: 8))
            let left = Atomic<Int>(80_000)
            let mailbox = loop.mailbox
            for thread in 0 ..< 8 {
                Thread {
                    for index in 0 ..< 10_000 {
                        try? mailbox.addCallbackThreadsafe {
                            seen.withLock { $0[thread].append(index) }
                            left.subtract(1, ordering: .relaxed)
                        }
                    }
                }.start()
            }
            #expect(loop.run(for: .seconds(50)) { left.load(ordering: .relaxed) == 0 })
            #expect(seen.withLock { $0 } == Array(repeating: Array(0 ..< 10_000), count: 8))
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `a post wakes a sleeping loop`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let mailbox = loop.mailbox
            let posted = Guarded<LoopInstant?>(nil)
            for _ in 0 ..< 5 {
                posted.withLock { $0 = nil }
                Thread {
                    Thread.sleep(forTimeInterval: 0.02)
                    posted.withLock { $0 = System.now }
                    try? mailbox.addCallbackThreadsafe {}
                }.start()
                loop.step(timeLimit: .seconds(10))
                let instant = try #require(posted.withLock { $0 })
                #expect(instant.duration(to: loop.now) < .milliseconds(500))
            }
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `a stop before start makes start return at once, and a loop starts again`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            loop.stop()
            loop.start()
            var runs = 0
            for _ in 0 ..< 3 {
                loop.callLater(.milliseconds(1)) {
                    runs += 1
                    #expect(loop.isRunning)
                    loop.stop()
                }
                loop.start()
                #expect(!loop.isRunning)
            }
            #expect(runs == 3)
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `starting a loop inside its own callback is reported and returns`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            var codes: [AMQPError.Code] = []
            loop.onMisuse = { codes.append($0.code) }
            loop.callLater(.zero) {
                loop.start()
                loop.step(timeLimit: .seconds(60))
                loop.stop()
            }
            loop.start()
            loop.close()
            loop.start()
            #expect(codes == [.loopWrongState, .loopWrongState, .loopClosed])
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `closing runs what the mailbox accepted and refuses the rest`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let mailbox = loop.mailbox
            let ran = Atomic<Int>(0)
            try mailbox.addCallbackThreadsafe { ran.add(1, ordering: .relaxed) }
            var fired = false
            loop.callLater(.zero) { fired = true }
            loop.close()
            loop.close()
            #expect(ran.load(ordering: .relaxed) == 1)
            #expect(!fired)
            #expect { try mailbox.addCallbackThreadsafe {} } throws: { ($0 as? AMQPError)?.code == .loopClosed }
            #expect { try loop.setReader(0) {} } throws: { ($0 as? AMQPError)?.code == .loopClosed }
            loop.callLater(.zero) { fired = true }.cancel()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `closing in a callback ends start and releases every descriptor`(kind: LoopKind) async throws {
        try await onThread {
            for round in 0 ..< 600 {
                let loop = try kind.make()
                loop.callLater(.zero) { loop.close() }
                loop.start()
                // A loop that keeps one descriptor would meet the limit of select(2) or the system's within the rounds.
                _ = round
            }
            let (reader, writer) = try System.pipe()
            #expect(writer < 512)
            System.close(reader)
            System.close(writer)
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `no timer and no watch of the same turn is called after a close`(kind: LoopKind) async throws {
        try await onThread {
            for closesInTimer in [true, false] {
                let loop = try kind.make()
                let (near, far) = try System.socketPair()
                var late: [String] = []
                for descriptor in [near, far] {
                    try loop.setWriter(descriptor) {
                        if loop.isClosed { late.append("watch") }
                        if !closesInTimer { loop.close() }
                    }
                }
                for _ in 0 ..< 2 {
                    loop.callLater(.milliseconds(1)) {
                        if loop.isClosed { late.append("timer") }
                        loop.close()
                    }
                }
                let end = loop.now.advanced(by: .milliseconds(2))
                while loop.now < end {}
                #expect(loop.run { loop.isClosed })
                #expect(late.isEmpty)
                System.close(near)
                System.close(far)
            }
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `a loop that is dropped without a close releases its descriptors`(kind: LoopKind) async throws {
        try await onThread {
            for _ in 0 ..< 600 {
                let loop = try kind.make()
                loop.callLater(.seconds(60)) { _ = loop.mailbox }.cancel()
                loop.step()
            }
            let (reader, writer) = try System.pipe()
            #expect(writer < 512)
            System.close(reader)
            System.close(writer)
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `a loop that is dropped after its streams were closed releases all`(kind: LoopKind) async throws {
        try await onThread {
            let listener = try Listener()
            for _ in 0 ..< 200 {
                weak var dropped: HostedLoop?
                do {
                    let loop = try kind.make()
                    dropped = loop
                    let handler = RecordingHandler()
                    var transport: (any StreamTransport)?
                    _ = loop.connect(to: listener.address) { transport = try? $0.get() }
                    #expect(loop.run { transport != nil })
                    transport?.start(handler)
                    transport?.close()
                    #expect(loop.run { handler.isClosed })
                }
                #expect(dropped == nil)
                System.close(try #require(listener.accept()))
            }
            let (reader, writer) = try System.pipe()
            #expect(writer < 512)
            System.close(reader)
            System.close(writer)
        }
    }

    /// One test, since Ctrl-C belongs to the whole process.
    @Test func `Ctrl-C belongs to the loop that asked for it last, while that is open`() async throws {
        /// Whether somebody catches SIGINT, which any thread may be interrupted by; leaves it as it is.
        @Sendable func isCaught() -> Bool {
            var action = sigaction()
            sigaction(SIGINT, nil, &action)
            return action.__sigaction_handler.sa_handler != nil
        }
        try await onThread {
            let closed = PollLoop()
            closed.close()
            #expect(throws: AMQPError.self) { try closed.stopOnInterrupt() }
            #expect(!isCaught())
            let first = PollLoop()
            try first.stopOnInterrupt()
            let second = PollLoop()
            try second.stopOnInterrupt()
            first.close()
            #expect(isCaught())
            // Caught, and never read by the loop that it was for.
            kill(getpid(), SIGINT)
            while isCaught() { usleep(1000) }
            second.close()
            do {
                let third = PollLoop()
                try third.stopOnInterrupt()
                var hasRun = false
                third.callLater(.milliseconds(1)) {
                    hasRun = true
                    third.stop()
                }
                third.start()
                #expect(hasRun)
                #expect(isCaught())
                kill(getpid(), SIGINT)
                third.start()
                #expect(!isCaught())
                try third.stopOnInterrupt()
                #expect(isCaught())
            }
            #expect(!isCaught(), "the loop was dropped")
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `a writer is not called behind a reader that closed the loop`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let (near, far) = try System.socketPair()
            var late = 0
            try loop.setReader(near) { loop.close() }
            try loop.setWriter(near) { if loop.isClosed { late += 1 } }
            _ = try System.send(far, ByteSlice([1]))
            #expect(loop.run { loop.isClosed })
            #expect(late == 0)
            System.close(near)
            System.close(far)
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `what a watch holds may come back to the loop when it is let go`(kind: LoopKind) async throws {
        /// Ends its own watch, as owners of descriptors do.
        final class Owner {
            let loop: HostedLoop
            let descriptor: Int32
            let count: () -> Void

            init(_ loop: HostedLoop, _ descriptor: Int32, _ count: @escaping () -> Void) {
                (self.loop, self.descriptor, self.count) = (loop, descriptor, count)
            }

            deinit {
                loop.removeReader(descriptor)
                loop.removeWriter(descriptor)
                count()
            }
        }
        try await onThread {
            let loop = try kind.make()
            let (near, far) = try System.socketPair()
            var gone = 0
            for descriptor in [near, far] {
                let owner = Owner(loop, descriptor) { gone += 1 }
                try loop.setReader(descriptor) { _ = owner }
                try loop.setWriter(descriptor) { _ = owner }
            }
            loop.close()
            #expect(gone == 2)
            System.close(near)
            System.close(far)
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `observers that register others at the end of a turn are all called in it`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let first = Observer()
            let second = Observer()
            first.onEnd = { loop.callAtEndOfTurn(second) }
            loop.callAtEndOfTurn(first)
            loop.step(timeLimit: .seconds(10))
            #expect(first.count == 1)
            #expect(second.count == 1)
            // One that never stops does not hold the turn up for ever.
            second.onEnd = { loop.callAtEndOfTurn(second) }
            loop.callAtEndOfTurn(second)
            loop.step(timeLimit: .seconds(10))
            let count = second.count
            #expect(count > 1)
            loop.step(timeLimit: .seconds(10))
            #expect(second.count > count)
            second.onEnd = nil
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `a callback that blocks the loop is reported with its duration`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            var stalls: [Duration] = []
            loop.onStall = { stalls.append($0) }
            loop.stallThreshold = .seconds(60)
            loop.callLater(.zero) {}
            loop.step()
            #expect(stalls.isEmpty)
            loop.stallThreshold = .milliseconds(20)
            loop.callLater(.zero) {
                let end = loop.now.advanced(by: .milliseconds(30))
                while loop.now < end {}
            }
            loop.step()
            #expect(stalls.count == 1)
            #expect(stalls.allSatisfy { $0 >= .milliseconds(30) })
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `the mailbox knows the loop's thread`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let mailbox = loop.mailbox
            #expect(mailbox.isCurrent)
            let elsewhere = Guarded<Bool?>(nil)
            Thread { elsewhere.withLock { $0 = mailbox.isCurrent } }.start()
            #expect(loop.run { elsewhere.withLock { $0 } != nil })
            #expect(elsewhere.withLock { $0 } == false)
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `a step waits no longer than its limit`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let begin = loop.now
            loop.step(timeLimit: .milliseconds(30))
            let taken = begin.duration(to: loop.now)
            #expect(taken >= .milliseconds(30))
            #expect(taken < .seconds(2))
            loop.close()
        }
    }
}
