@testable import AMQPPosix
import Testing

@Suite struct TimerTests {
    @Test(arguments: LoopKind.allCases)
    func `timers are never early and run in the order of their deadlines`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            var fired: [Int] = []
            var handles: [TimerHandle] = []
            var begin = loop.now
            repeat {
                // The delays differ by 5 ms: were they made more slowly than that, their deadlines would be in another
                // order.
                for handle in handles { handle.cancel() }
                handles = []
                begin = loop.now
                for delay in [30, 10, 0, 20, 5] {
                    let made = loop.now
                    handles.append(
                        loop.callLater(.milliseconds(delay)) {
                            #expect(made.duration(to: loop.now) >= .milliseconds(delay))
                            fired.append(delay)
                            if fired.count == 5 { loop.stop() }
                        })
                }
            } while begin.duration(to: loop.now) > .milliseconds(4)
            loop.start()
            #expect(fired == [0, 5, 10, 20, 30])
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `timers shorter than a millisecond are not early either`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            var early = 0
            var left = 200
            func next() {
                guard left > 0 else { return loop.stop() }
                left -= 1
                let delay = Duration.microseconds(left * 7)
                let due = loop.now.advanced(by: delay)
                loop.callLater(delay) {
                    if loop.now < due { early += 1 }
                    next()
                }
            }
            next()
            loop.start()
            #expect(early == 0)
            loop.close()
        }
    }

    @Test func `equal deadlines run first in first out, and any timer can be cancelled at any time`() {
        let queue = TimerQueue()
        var fired: [Int] = []
        var timers: [LoopTimer] = []
        for index in 0 ..< 20_000 {
            let deadline = LoopInstant(nanoseconds: UInt64(index % 100))
            timers.append(queue.add(deadline) { fired.append(index) })
        }
        for index in stride(from: 0, to: 20_000, by: 3) { timers[index].cancel() }
        for index in stride(from: 0, to: 20_000, by: 6) { timers[index].cancel() }
        var due: [LoopTimer] = []
        queue.takeDue(at: LoopInstant(nanoseconds: 100), before: .max, into: &due)
        for timer in due { timer.fire() }
        for timer in due { timer.fire() }
        let expected = (0 ..< 20_000).filter { $0 % 3 != 0 }.sorted { ($0 % 100, $0) < ($1 % 100, $1) }
        #expect(fired == expected)
        #expect(queue.count == 0)
    }

    @Test func `a queue that is emptied keeps nothing alive`() {
        final class Token {}
        let queue = TimerQueue()
        weak var token: Token?
        do {
            let strong = Token()
            token = strong
            _ = queue.add(LoopInstant(nanoseconds: 1)) { withExtendedLifetime(strong) {} }
        }
        #expect(token != nil)
        queue.removeAll()
        #expect(token == nil)
    }

    @Test(arguments: LoopKind.allCases)
    func `cancelling is honoured inside a batch, twice, and from the timer's own callback`(kind: LoopKind) async throws
    {
        try await onThread {
            let loop = try kind.make()
            var fired: [String] = []
            var second: TimerHandle?
            var own: TimerHandle?
            loop.callLater(.milliseconds(1)) {
                fired.append("first")
                second?.cancel()
                second?.cancel()
            }
            second = loop.callLater(.milliseconds(1)) { fired.append("second") }
            own = loop.callLater(.milliseconds(2)) {
                fired.append("own")
                own?.cancel()
                own?.cancel()
            }
            loop.callLater(.milliseconds(4)) { loop.stop() }
            // Both are due in one batch.
            let end = loop.now.advanced(by: .milliseconds(2))
            while loop.now < end {}
            loop.start()
            #expect(fired == ["first", "own"])
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `a zero delay waits for the next turn and starves nobody`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let (reader, writer) = try System.pipe()
            defer {
                System.close(reader)
                System.close(writer)
            }
            var turns = 0
            var seen = -1
            func again() {
                turns += 1
                loop.callLater(.zero, again)
            }
            again()
            try loop.setReader(reader) { seen = turns }
            #expect(turns == 1)
            loop.step()
            #expect(turns == 2)
            _ = try [UInt8(1)].withUnsafeBytes { try System.write(writer, $0) }
            loop.step()
            #expect(seen >= 2)
            loop.removeReader(reader)
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `ten thousand timers all run`(kind: LoopKind) async throws {
        // The limits leave room for a sanitizer on a busy machine.
        try await onThread(limit: 100) {
            let loop = try kind.make()
            var left = 10_000
            for index in 0 ..< 10_000 {
                loop.callLater(.microseconds(index * 7919 % 20_000)) { left -= 1 }
            }
            #expect(loop.run(for: .seconds(90)) { left == 0 })
            loop.close()
        }
    }
}
