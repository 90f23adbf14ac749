import AMQPDispatch
import Dispatch
import Foundation
import Testing

@Suite(.serialized) struct DispatchWatchTests {
    @Test func `what is left in a pipe that was hung up is told until it is read`() async throws {
        try await onThread {
            let (reader, writer) = try System.pipe()
            let bytes = [UInt8](repeating: 7, count: 40_000)
            #expect(try bytes.withUnsafeBytes { try System.write(writer, $0) } == bytes.count)
            System.close(writer)
            let count = Guarded(0)
            DispatchLoop.run { loop in
                #expect(throws: Never.self) {
                    try loop.setReader(reader) {
                        let read = withUnsafeTemporaryAllocation(byteCount: 100, alignment: 1) { memory in
                            (try? System.read(reader, memory)) ?? nil
                        }
                        guard let read, read > 0 else {
                            loop.removeReader(reader)
                            return loop.stop()
                        }
                        count.withLock { $0 += read }
                    }
                }
            }
            System.close(reader)
            #expect(count.withLock { $0 } == bytes.count)
        }
    }

    @Test func `a descriptor may be closed as soon as it is removed, and its number used again`() async throws {
        try await onThread {
            let rounds = Guarded(0)
            DispatchLoop.run { loop in Reuser(on: loop, rounds: 300) { rounds.withLock { $0 += 1 } } }
            #expect(rounds.withLock { $0 } == 300)
        }
    }

    @Test func `closed loops give their descriptors back`() async throws {
        try await onThread(limit: 60) {
            for _ in 0 ..< 300 {
                DispatchLoop.run { loop in
                    guard let ends = try? System.pipe() else { return loop.stop() }
                    try? loop.setWriter(ends.writer) {
                        loop.removeWriter(ends.writer)
                        System.close(ends.reader)
                        System.close(ends.writer)
                        loop.stop()
                    }
                }
            }
            // Sources give theirs back in the background.
            let end = Date().addingTimeInterval(10)
            var highest = Int32.max
            while highest > 200, Date() < end {
                let (reader, writer) = try System.pipe()
                highest = max(reader, writer)
                System.close(reader)
                System.close(writer)
            }
            #expect(highest <= 200)
        }
    }

    @Test func `a number that is not open is refused`() async throws {
        try await onThread {
            let queue = DispatchQueue(label: "test")
            queue.sync {
                let loop = DispatchLoop(on: queue)
                #expect { try loop.setReader(9_999) {} } throws: {
                    ($0 as? AMQPError)?.code == .descriptorNotWatchable
                }
                loop.close()
            }
        }
    }
}

/// Watches a pipe, and as soon as it has told something removes it, closes it, and goes on with the next one, which gets
/// the same numbers.
private final class Reuser {
    private let loop: DispatchLoop
    private var left: Int
    private let onRound: () -> Void

    init(on loop: DispatchLoop, rounds: Int, _ onRound: @escaping () -> Void) {
        self.loop = loop
        self.left = rounds
        self.onRound = onRound
        next()
    }

    private func next() {
        guard left > 0, let (reader, writer) = try? System.pipe() else { return loop.stop() }
        left -= 1
        try? loop.setReader(reader) { [unowned self] in
            loop.removeReader(reader)
            System.close(reader)
            System.close(writer)
            onRound()
            next()
        }
        _ = try? [UInt8(1)].withUnsafeBytes { try System.write(writer, $0) }
    }
}
