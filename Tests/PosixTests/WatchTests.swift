import AMQPPosix
import Foundation
import Testing

@Suite struct WatchTests {
    @Test(arguments: LoopKind.allCases)
    func `a watch is level triggered and replaced by the next one`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let (near, far) = try System.socketPair()
            var log: [String] = []
            try loop.setReader(near) { log.append("old") }
            _ = try System.send(far, ByteSlice([1]))
            loop.step(timeLimit: .seconds(5))
            loop.step(timeLimit: .seconds(5))
            try loop.setReader(near) { log.append("new") }
            try loop.setWriter(near) { log.append("writer") }
            loop.step(timeLimit: .seconds(5))
            #expect(log == ["old", "old", "new", "writer"])
            #expect(loop.removeReader(near))
            #expect(!loop.removeReader(near))
            loop.step(timeLimit: .seconds(5))
            #expect(log.last == "writer" && log.count == 5)
            #expect(loop.removeWriter(near))
            #expect(!loop.removeWriter(near))
            loop.step(timeLimit: .milliseconds(10))
            #expect(log.count == 5)
            System.close(near)
            System.close(far)
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `removal is honoured in the same batch`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let (near, far) = try System.socketPair()
            var calls = 0
            for descriptor in [near, far] {
                try loop.setWriter(descriptor) {
                    calls += 1
                    loop.removeWriter(near)
                    loop.removeWriter(far)
                }
            }
            loop.step(timeLimit: .seconds(5))
            #expect(calls == 1)
            System.close(near)
            System.close(far)
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `an event for the former user of a number does not reach the next`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let (near, far) = try System.socketPair()
            let (other, otherFar) = try System.socketPair()
            _ = try System.send(far, ByteSlice([1]))
            _ = try System.send(otherFar, ByteSlice([1]))
            var stale = 0
            var reused: (reader: Int32, writer: Int32)?
            /// Whichever comes first closes the other one and takes its number for a pipe with nothing in it.
            func replace(_ victim: Int32) {
                guard reused == nil else { return }
                loop.removeReader(victim)
                guard let pipe = try? System.pipe() else { return }
                // This closes the victim and gives its number to the pipe, whatever other tests do meanwhile.
                #expect(dup2(pipe.reader, victim) == victim)
                System.close(pipe.reader)
                reused = (victim, pipe.writer)
                try? loop.setReader(victim) { stale += 1 }
            }
            try loop.setReader(near) { replace(other) }
            try loop.setReader(other) { replace(near) }
            loop.step(timeLimit: .seconds(5))
            let pipe = try #require(reused)
            let survivor = pipe.reader == near ? other : near
            loop.removeReader(survivor)
            loop.step(timeLimit: .milliseconds(10))
            #expect(stale == 0)
            _ = try [UInt8(1)].withUnsafeBytes { try System.write(pipe.writer, $0) }
            loop.step(timeLimit: .seconds(5))
            #expect(stale == 1)
            loop.removeReader(pipe.reader)
            for descriptor in [survivor, far, otherFar, pipe.reader, pipe.writer] { System.close(descriptor) }
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `a hang-up counts as readable and writable`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            let (near, far) = try System.socketPair()
            var log: Set<String> = []
            try loop.setReader(near) { log.insert("reader") }
            System.close(far)
            loop.step(timeLimit: .seconds(5))
            loop.removeReader(near)
            try loop.setWriter(near) { log.insert("writer") }
            loop.step(timeLimit: .seconds(5))
            #expect(log == ["reader", "writer"])
            loop.removeWriter(near)
            System.close(near)
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `a descriptor that was closed while it was watched does not stop the loop`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            var codes: [AMQPError.Code] = []
            loop.onMisuse = { codes.append($0.code) }
            let (near, far) = try System.socketPair()
            try loop.setReader(near) {}
            System.close(near)
            var ticks = 0
            loop.callLater(.milliseconds(5)) { ticks += 1 }
            #expect(loop.run { ticks == 1 })
            #expect(codes.allSatisfy { $0 == .descriptorNotWatchable })
            System.close(far)
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `what is no descriptor is refused`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            for descriptor in [-1, Int32.min, 1_000_000] {
                #expect { try loop.setReader(descriptor) {} } throws: {
                    ($0 as? AMQPError)?.code == .descriptorNotWatchable
                }
                #expect(!loop.removeReader(descriptor))
            }
            loop.step()
            loop.close()
        }
    }

    @Test(arguments: LoopKind.allCases)
    func `the new watch of a number outlives the report that the former file was closed`(kind: LoopKind) async throws {
        try await onThread {
            let loop = try kind.make()
            loop.onMisuse = { _ in }
            let (near, far) = try System.socketPair()
            // A number that nothing else in the process gets.
            let other = try Int32(900 + #require(LoopKind.allCases.firstIndex(of: kind)))
            try System.replace(other, by: far)
            var calls = 0
            try loop.setWriter(near) {
                loop.removeWriter(near)
                // The number of the closed file is given to a new one, which is watched in the same turn.
                _ = try? System.replace(other, by: near)
                try? loop.setWriter(other) { calls += 1 }
            }
            try loop.setReader(other) {}
            System.close(other)
            #expect(loop.run { calls > 0 })
            loop.removeWriter(other)
            for descriptor in [near, far, other] { System.close(descriptor) }
            loop.close()
        }
    }
}
