import AMQPLibev
import BrokerSupport
import Foundation
import LibevSupport
import Synchronization
import Testing

/// What only a libev loop can do, or get wrong; the rest is AdapterKit's.
@Suite(.timeLimit(.minutes(1))) struct LibevTests {
    @Test func `the program's callbacks run before the turn of the same iteration`() async throws {
        try await onOwnThread {
            let program = try LibevProgram()
            let loop = try LibevLoop(on: program.loop)
            var log: [String] = []
            let pipe = try System.pipe()
            defer { for end in [pipe.reader, pipe.writer] { System.close(end) } }
            _ = try [UInt8(1)].withUnsafeBytes { try System.write(pipe.writer, $0) }
            try loop.setReader(pipe.reader) { log.append("event") }
            loop.callLater(.zero) { log.append("timer") }
            program.callLater(.zero) { log.append("program") }
            ev_run(program.loop, Int32(EVRUN_NOWAIT))
            #expect(log == ["program", "event", "timer"])
            loop.close()
        }
    }

    @Test func `what the program's callback asks for runs in the same iteration, but not inside the call`() async throws
    {
        try await onOwnThread {
            let program = try LibevProgram()
            let loop = try LibevLoop(on: program.loop)
            var iteration: UInt32?
            program.callLater(.zero) {
                let now = ev_iteration(program.loop)
                loop.callLater(.zero) { iteration = ev_iteration(program.loop) - now }
                #expect(iteration == nil)
            }
            program.callLater(.seconds(10)) { program.stop() }
            loop.callLater(.milliseconds(5)) { program.stop() }
            program.run()
            #expect(iteration == 0)
            loop.close()
        }
    }

    @Test func `timers without delay leave every iteration to the program`() async throws {
        try await onOwnThread {
            let program = try LibevProgram()
            let loop = try LibevLoop(on: program.loop)
            var turns = 0
            func again() {
                turns += 1
                loop.callLater(.zero, again)
            }
            again()
            let begin = ev_iteration(program.loop)
            func look() {
                if turns > 10 { program.stop() } else { program.callLater(.milliseconds(1), look) }
            }
            look()
            program.run()
            #expect(turns > 10)
            #expect(turns <= Int(ev_iteration(program.loop) - begin) + 1)
            loop.close()
        }
    }

    @Test func `a timer made after a long callback is not early`() async throws {
        try await onOwnThread {
            let program = try LibevProgram()
            let loop = try LibevLoop(on: program.loop)
            var waited: Duration?
            program.callLater(.zero) {
                // libev's own time stands still meanwhile.
                let end = loop.now.advanced(by: .milliseconds(60))
                while loop.now < end {}
                let begin = loop.now
                loop.callLater(.milliseconds(30)) {
                    waited = begin.duration(to: loop.now)
                    program.stop()
                }
            }
            program.run()
            let taken = try #require(waited)
            #expect(taken >= .milliseconds(30))
            #expect(taken < .seconds(5))
            loop.close()
        }
    }

    @Test func `start on a loop that the program runs returns on stop, and the program's run goes on`() async throws {
        try await onOwnThread {
            let program = try LibevProgram()
            let loop = try LibevLoop(on: program.loop)
            var log: [String] = []
            program.callLater(.zero) {
                program.callLater(.milliseconds(1)) {
                    log.append("program's timer")
                    loop.stop()
                }
                loop.start()
                log.append("stopped")
                loop.callLater(.milliseconds(1)) {
                    log.append("timer")
                    program.callLater(.milliseconds(1)) {
                        log.append("end")
                        program.stop()
                    }
                }
            }
            program.run()
            #expect(log == ["program's timer", "stopped", "timer", "end"])
            loop.close()
        }
    }

    @Test func `a run of the loop inside a callback delivers nothing and loses nothing`() async throws {
        try await onOwnThread {
            let program = try LibevProgram()
            let loop = try LibevLoop(on: program.loop)
            var depth = 0
            var log: [String] = []
            let mailbox = loop.mailbox
            let posted = Atomic<Bool>(false)
            loop.callLater(.zero) {
                depth += 1
                loop.callLater(.milliseconds(1)) {
                    #expect(depth == 0)
                    log.append("timer")
                }
                try? mailbox.addCallbackThreadsafe { posted.store(true, ordering: .relaxed) }
                program.callLater(.milliseconds(20)) { program.stop() }
                program.run()
                let wasEarly = posted.load(ordering: .relaxed)
                #expect(!wasEarly)
                depth -= 1
                log.append("back")
            }
            let end = loop.now.advanced(by: .seconds(10))
            while (log.count < 2 || !posted.load(ordering: .relaxed)) && loop.now < end {
                loop.step(timeLimit: .milliseconds(50))
            }
            #expect(log == ["back", "timer"])
            loop.close()
        }
    }

    @Test func `the program's run ends when the loop is closed and nothing else is left`() async throws {
        try await onOwnThread {
            let program = try LibevProgram()
            let loop = try LibevLoop(on: program.loop)
            loop.callLater(.milliseconds(5)) { loop.close() }
            program.run()
            #expect(loop.isClosed)
            #expect(loop.eventLoop == nil)
            #expect { try loop.mailbox.addCallbackThreadsafe {} } throws: { ($0 as? AMQPError)?.code == .loopClosed }
        }
    }

    @Test func `a loop that is destroyed by its program closes what borrowed it`() async throws {
        try await onOwnThread {
            var program: LibevProgram? = try LibevProgram()
            let loop = try LibevLoop(on: #require(program).loop)
            let pipe = try System.pipe()
            defer { for end in [pipe.reader, pipe.writer] { System.close(end) } }
            try loop.setReader(pipe.reader) {}
            loop.callLater(.seconds(60)) {}
            let accepted = Atomic<Bool>(false)
            try loop.mailbox.addCallbackThreadsafe { accepted.store(true, ordering: .relaxed) }
            program = nil
            #expect(loop.isClosed)
            #expect(loop.eventLoop == nil)
            let hasRun = accepted.load(ordering: .relaxed)
            #expect(hasRun)
            #expect(!loop.removeReader(pipe.reader))
            loop.callLater(.zero) {}
            loop.close()
            var codes: [AMQPError.Code] = []
            loop.onMisuse = { codes.append($0.code) }
            loop.step()
            #expect(codes == [.loopClosed])
        }
    }

    @Test func `a loop that is destroyed by its program ends what was being opened on it`() async throws {
        try await onOwnThread {
            var program: LibevProgram? = try LibevProgram()
            let loop = try LibevLoop(on: #require(program).loop)
            var parameters = ConnectionParameters(host: "127.0.0.1", port: 1)
            parameters.connectionAttempts = 2
            parameters.retryDelay = .seconds(600)
            var codes: [AMQPError.Code] = []
            let connection = Connection(parameters, on: loop, onOpenError: { codes.append($1.code) })
            program?.callLater(.milliseconds(20)) { [weak program] in program?.stop() }
            program?.run()
            #expect(connection.isOpening)
            program = nil
            #expect(codes == [.loopClosed])
        }
    }

    @Test func `a loop that is dropped in its own callback leaves the program's alone`() async throws {
        try await onOwnThread {
            let program = try LibevProgram()
            var loop: LibevLoop? = try LibevLoop(on: program.loop)
            weak let dropped = loop
            var log: [String] = []
            loop?.callLater(.zero) {
                log.append("timer")
                loop = nil
            }
            loop?.callLater(.seconds(60)) { log.append("never") }
            program.callLater(.milliseconds(20)) { log.append("program") }
            // Nothing but the program's timer keeps this going.
            program.run()
            #expect(log.sorted() == ["program", "timer"])
            #expect(dropped == nil)
        }
    }

    @Test func `a post that races with the end of a loop is refused or harmless`() async throws {
        try await onOwnThread {
            let program = try LibevProgram()
            for _ in 0 ..< 40 {
                let loop = try LibevLoop(on: program.loop)
                let mailbox = loop.mailbox
                let ended = Atomic<Bool>(false)
                let accepted = Atomic<Int>(0)
                let ran = Atomic<Int>(0)
                withExtendedLifetime(loop) {
                    let poster = Thread {
                        while (try? mailbox.addCallbackThreadsafe { ran.add(1, ordering: .relaxed) }) != nil {
                            accepted.add(1, ordering: .relaxed)
                        }
                        ended.store(true, ordering: .releasing)
                    }
                    poster.start()
                    while accepted.load(ordering: .relaxed) == 0 {}
                    loop.step()
                    loop.close()
                    while !ended.load(ordering: .acquiring) {}
                }
                let lost = accepted.load(ordering: .relaxed) - ran.load(ordering: .relaxed)
                #expect(lost == 0)
            }
        }
    }

    @Test func `a descriptor that is closed before libev hears of it is reported and ends nothing`() async throws {
        try await onOwnThread {
            let program = try LibevProgram()
            let loop = try LibevLoop(on: program.loop)
            var misuse: [AMQPError.Code] = []
            loop.onMisuse = { misuse.append($0.code) }
            let pipe = try System.pipe()
            defer { for end in [pipe.reader, pipe.writer] { System.close(end) } }
            // A number that no other test of this process is given meanwhile.
            let descriptor = fcntl(pipe.reader, F_DUPFD, 800)
            try #require(descriptor >= 800)
            try loop.setReader(descriptor) { Issue.record("a closed descriptor was read") }
            System.close(descriptor)
            #expect { try loop.setReader(1 << 30) {} } throws: { ($0 as? AMQPError)?.code == .descriptorNotWatchable }
            var ran = false
            loop.callLater(.milliseconds(5)) { ran = true }
            loop.callLater(.milliseconds(10)) { loop.stop() }
            loop.start()
            #expect(ran)
            #expect(misuse == [.descriptorNotWatchable])
            #expect(!loop.removeReader(descriptor))
            loop.close()
        }
    }

    @Test func `an event that was noted for a former user of a number is dropped`() async throws {
        try await onOwnThread {
            let program = try LibevProgram()
            let loop = try LibevLoop(on: program.loop)
            let old = try System.pipe()
            let new = try System.pipe()
            defer { for end in [old.reader, old.writer, new.writer] { System.close(end) } }
            var log: [String] = []
            _ = try [UInt8(1)].withUnsafeBytes { try System.write(old.writer, $0) }
            try loop.setReader(old.reader) { log.append("old") }
            // The program's callback comes between the event and its turn.
            program.callLater(.zero) {
                loop.removeReader(old.reader)
                dup2(new.reader, old.reader)
                System.close(new.reader)
                try? loop.setReader(old.reader) { log.append("new") }
            }
            ev_run(program.loop, Int32(EVRUN_NOWAIT))
            ev_run(program.loop, Int32(EVRUN_NOWAIT))
            #expect(log.isEmpty)
            _ = try [UInt8(1)].withUnsafeBytes { try System.write(new.writer, $0) }
            ev_run(program.loop, Int32(EVRUN_NOWAIT))
            #expect(log == ["new"])
            loop.close()
        }
    }

    @Test func `two loops and the program's own watchers share one libev loop`() async throws {
        try await onOwnThread {
            let program = try LibevProgram()
            let first = try LibevLoop(on: program.loop)
            let second = try LibevLoop(on: program.loop)
            var log: [String] = []
            first.callLater(.milliseconds(2)) {
                log.append("first")
                first.close()
            }
            second.callLater(.milliseconds(8)) {
                log.append("second")
                second.close()
            }
            program.callLater(.milliseconds(14)) { log.append("program") }
            program.run()
            #expect(log.sorted() == ["first", "program", "second"])
        }
    }

    @Test func `a loop of its own is destroyed when it is closed in a callback`() async throws {
        try await onOwnThread {
            for _ in 0 ..< 600 {
                let loop = try LibevLoop()
                #expect(loop.eventLoop != nil)
                loop.callLater(.zero) { loop.close() }
                loop.start()
                #expect(loop.eventLoop == nil)
            }
            let pipe = try System.pipe()
            // 600 loops that were left behind would have taken more.
            #expect(pipe.writer < 600)
            for end in [pipe.reader, pipe.writer] { System.close(end) }
        }
    }
}
