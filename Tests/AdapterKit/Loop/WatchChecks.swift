internal import AMQPConnection
internal import AMQPPosix
internal import Synchronization

/// Reader and writer watches: what the loop promises about its own bookkeeping.
enum WatchChecks {
    static let all = [
        AdapterCheck("watch/readable-until-it-is-read", .loop, needs: .descriptors, readableUntilRead),
        AdapterCheck("watch/set-before-start", .loop, needs: .descriptors, setBeforeStart),
        AdapterCheck(
            "watch/no-callback-inside-a-call", .loop, covers: ["L4"], needs: .descriptors, noCallbackInsideACall),
        AdapterCheck("watch/removed-is-silent", .loop, needs: .descriptors, removedIsSilent),
        AdapterCheck(
            "watch/removed-inside-its-own-handler", .loop, covers: ["L4"], needs: .descriptors, removedInOwnHandler),
        AdapterCheck("watch/removed-by-another-handler-of-the-turn", .loop, needs: .descriptors, removedByAnother),
        AdapterCheck("watch/removal-tells-whether-there-was-one", .loop, needs: .descriptors, removalTells),
        AdapterCheck("watch/removal-releases-the-callback", .loop, needs: .descriptors, removalReleases),
        AdapterCheck("watch/set-again-replaces", .loop, needs: .descriptors, setAgainReplaces),
        AdapterCheck("watch/reader-and-writer-are-independent", .loop, needs: .descriptors, readerAndWriter),
        AdapterCheck("watch/added-while-the-loop-runs", .loop, needs: .descriptors, addedWhileRunning),
        AdapterCheck("watch/event-for-a-reused-descriptor-is-dropped", .loop, needs: .descriptors, reusedDescriptor),
        AdapterCheck("watch/new-watch-on-a-reused-descriptor-works", .loop, needs: .descriptors, newWatchOnReused),
        AdapterCheck("watch/impossible-descriptor-is-refused", .loop, needs: .descriptors, impossibleDescriptor),
        AdapterCheck("watch/two-hundred-descriptors", .loop, needs: .descriptors, manyDescriptors),
        AdapterCheck("watch/pipe", .loop, needs: .descriptors, pipe),
        AdapterCheck(
            "watch/busy-descriptor-starves-no-timer", .loop, covers: ["L7"], needs: .descriptors, starvesNoTimer),
        AdapterCheck(
            "watch/busy-descriptor-starves-no-mailbox", .loop, covers: ["L7"], needs: .descriptors, starvesNoMailbox),
        AdapterCheck(
            "watch/busy-descriptor-starves-no-other", .loop, covers: ["L7"], needs: .descriptors, starvesNoOther),
    ]

    @Sendable static func readableUntilRead(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let (near, far) = try PeerSocket.pair()
        var calls = 0
        check.run("a reader that is called for as long as something is there") {
            try loop.setReader(near.descriptor) {
                calls += 1
                if calls == 5 {
                    _ = try? near.read()
                    loop.callLater(.milliseconds(30)) { check.finish() }
                }
            }
            _ = try far.write([1, 2, 3])
        }
        check.enter { loop.removeReader(near.descriptor) }
        check.expectEqual(calls, 5, "calls of a reader that reads in its fifth call")
    }

    @Sendable static func setBeforeStart(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let (near, far) = try PeerSocket.pair()
        check.enter {
            try loop.setReader(near.descriptor) {
                loop.removeReader(near.descriptor)
                check.finish()
            }
            _ = try far.write([1])
        }
        check.run("a reader that was set before the loop started", within: nil)
    }

    @Sendable static func noCallbackInsideACall(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let (near, far) = try PeerSocket.pair()
        var left = 2
        func arrived() {
            left -= 1
            if left == 0 { check.finish() }
        }
        check.run("a reader and a writer") {
            _ = try far.write([1])
            try check.duringCall("setReader") {
                try loop.setReader(near.descriptor) {
                    check.entered("a reader")
                    check.duringCall("removeReader") { _ = loop.removeReader(near.descriptor) }
                    arrived()
                }
            }
            try check.duringCall("setWriter") {
                try loop.setWriter(near.descriptor) {
                    check.entered("a writer")
                    check.duringCall("removeWriter") { _ = loop.removeWriter(near.descriptor) }
                    arrived()
                }
            }
        }
    }

    @Sendable static func removedIsSilent(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let (near, far) = try PeerSocket.pair()
        check.runFor(.milliseconds(30)) {
            try loop.setReader(near.descriptor) {
                check.fail("a reader that was removed before the loop ran is called")
            }
            try loop.setWriter(near.descriptor) {
                check.fail("a writer that was removed before the loop ran is called")
            }
            _ = try far.write([1])
            loop.removeReader(near.descriptor)
            loop.removeWriter(near.descriptor)
        }
        var isRemoved = false
        check.runFor(.milliseconds(50)) {
            try loop.setReader(near.descriptor) {
                if isRemoved { check.fail("a reader that a timer removed is called") }
            }
            loop.callLater(.milliseconds(10)) {
                isRemoved = true
                loop.removeReader(near.descriptor)
            }
        }
    }

    @Sendable static func removedInOwnHandler(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let (near, far) = try PeerSocket.pair()
        var reads = 0
        var writes = 0
        check.runFor(.milliseconds(40)) {
            try loop.setReader(near.descriptor) {
                reads += 1
                loop.removeReader(near.descriptor)
            }
            try loop.setWriter(near.descriptor) {
                writes += 1
                loop.removeWriter(near.descriptor)
            }
            _ = try far.write([1])
        }
        check.expectEqual(reads, 1, "calls of a reader that removes itself")
        check.expectEqual(writes, 1, "calls of a writer that removes itself")
    }

    @Sendable static func removedByAnother(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let (first, farFirst) = try PeerSocket.pair()
        let (second, farSecond) = try PeerSocket.pair()
        var calls = 0
        check.runFor(.milliseconds(40)) {
            _ = try farFirst.write([1])
            _ = try farSecond.write([1])
            for socket in [first, second] {
                try loop.setReader(socket.descriptor) {
                    calls += 1
                    loop.removeReader(first.descriptor)
                    loop.removeReader(second.descriptor)
                }
            }
        }
        check.expectEqual(calls, 1, "calls of two readers that are ready together and remove each other")
    }

    @Sendable static func removalTells(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let (near, far) = try PeerSocket.pair()
        check.enter {
            check.expectEqual(loop.removeReader(near.descriptor), false, "removeReader without a reader")
            check.expectEqual(loop.removeWriter(near.descriptor), false, "removeWriter without a writer")
            try loop.setReader(near.descriptor) {}
            check.expectEqual(loop.removeWriter(near.descriptor), false, "removeWriter with a reader only")
            check.expectEqual(loop.removeReader(near.descriptor), true, "removeReader with a reader")
            check.expectEqual(loop.removeReader(near.descriptor), false, "removeReader for the second time")
            check.expectEqual(loop.removeReader(-1), false, "removeReader of an impossible descriptor")
            check.expectEqual(loop.removeWriter(Int32.max), false, "removeWriter of an unknown descriptor")
        }
        far.close()
    }

    @Sendable static func removalReleases(_ check: CheckRun) throws {
        final class Token {}
        let loop = try check.descriptorLoop()
        let (near, far) = try PeerSocket.pair()
        weak var token: Token?
        check.run {
            let held = Token()
            token = held
            try loop.setReader(near.descriptor) {
                withExtendedLifetime(held) {}
                loop.removeReader(near.descriptor)
            }
            _ = try far.write([1])
            loop.callLater(.milliseconds(20)) { check.finish() }
        }
        check.expect(token == nil, "the callback of a removed reader is kept")
    }

    @Sendable static func setAgainReplaces(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let (near, far) = try PeerSocket.pair()
        var order: [String] = []
        check.run("a reader that replaced another") {
            try loop.setReader(near.descriptor) { order.append("never") }
            try loop.setReader(near.descriptor) {
                order.append("first")
                do {
                    try loop.setReader(near.descriptor) {
                        order.append("second")
                        loop.removeReader(near.descriptor)
                        check.finish()
                    }
                } catch { check.fail("\(error)") }
            }
            _ = try far.write([1])
        }
        check.expectEqual(order, ["first", "second"], "readers that were called")
    }

    @Sendable static func readerAndWriter(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let (near, far) = try PeerSocket.pair()
        var writes = 0
        var readsAfterRemoval = 0
        check.run("a reader and a writer on one descriptor") {
            try loop.setReader(near.descriptor) { if writes > 0 { readsAfterRemoval += 1 } }
            try loop.setWriter(near.descriptor) {
                writes += 1
                loop.removeWriter(near.descriptor)
                loop.callLater(.milliseconds(20)) {
                    check.expect(readsAfterRemoval == 0, "a reader is called without anything to read")
                    _ = try? far.write([1])
                    loop.callLater(.milliseconds(20)) { check.finish() }
                }
            }
        }
        check.enter { loop.removeReader(near.descriptor) }
        check.expectEqual(writes, 1, "calls of the writer that removed itself")
        check.expect(readsAfterRemoval > 0, "removing the writer took the reader away")
    }

    @Sendable static func addedWhileRunning(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let (near, far) = try PeerSocket.pair()
        let mailbox = loop.mailbox
        let box = Confined((check: check, loop: loop))
        // The loop sleeps without a timer when the callback comes that adds the watch.
        check.run("a reader that a running loop was given", within: nil) {
            _ = Gate.afterThread {
                System.sleep(.milliseconds(20))
                try? mailbox.addCallbackThreadsafe {
                    let (check, loop) = box.value
                    do {
                        try loop.setReader(near.descriptor) {
                            loop.removeReader(near.descriptor)
                            check.finish()
                        }
                    } catch { check.fail("\(error)") }
                    _ = Gate.afterThread {
                        System.sleep(.milliseconds(20))
                        _ = try? far.write([1])
                    }
                }
            }
        }
    }

    @Sendable static func reusedDescriptor(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let (first, farFirst) = try PeerSocket.pair()
        let (second, farSecond) = try PeerSocket.pair()
        let (new, farNew) = try PeerSocket.pair()
        var calls = 0
        check.run("the first of two readers that are ready together") {
            _ = try farFirst.write([1])
            _ = try farSecond.write([1])
            for (own, other) in [(first, second), (second, first)] {
                try loop.setReader(own.descriptor) {
                    calls += 1
                    loop.removeReader(own.descriptor)
                    loop.removeReader(other.descriptor)
                    // The other one is ready in this very turn; its number now means a socket without data.
                    do {
                        try System.replace(other.descriptor, by: new.descriptor)
                        try loop.setReader(other.descriptor) {
                            check.fail("an event for a closed descriptor came to the new owner of its number")
                            loop.removeReader(other.descriptor)
                        }
                    } catch { check.fail("\(error)") }
                    loop.callLater(.milliseconds(20)) {
                        loop.removeReader(other.descriptor)
                        check.finish()
                    }
                }
            }
        }
        check.expectEqual(calls, 1, "calls of two readers that remove each other")
        withExtendedLifetime(farNew) {}
    }

    @Sendable static func newWatchOnReused(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        for isRemovedFirst in [true, false] {
            let (near, far) = try PeerSocket.pair()
            let (new, farNew) = try PeerSocket.pair()
            check.run("a watch on a number that belongs to another file now (removed first: \(isRemovedFirst))") {
                try loop.setReader(near.descriptor) {
                    if isRemovedFirst { loop.removeReader(near.descriptor) }
                    do {
                        try System.replace(near.descriptor, by: new.descriptor)
                        try loop.setReader(near.descriptor) {
                            loop.removeReader(near.descriptor)
                            check.finish()
                        }
                        _ = try farNew.write([1])
                    } catch { check.fail("\(error)") }
                }
                _ = try far.write([1])
            }
        }
    }

    @Sendable static func impossibleDescriptor(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        check.enter {
            for set in [loop.setReader, loop.setWriter] as [(Int32, @escaping () -> Void) throws(AMQPError) -> Void] {
                do throws(AMQPError) {
                    try set(-1) { check.fail("a callback for the descriptor -1 runs") }
                    check.fail("a watch on the descriptor -1 was accepted")
                } catch {
                    check.expectEqual(error.code, .descriptorNotWatchable, "the error for the descriptor -1")
                }
            }
        }
        check.runFor(.milliseconds(10))
    }

    /// Keeps loops that are certified at the same time from using up the descriptors below 1024, which select(2) needs.
    private static let manyAtOnce = Mutex(())

    @Sendable static func manyDescriptors(_ check: CheckRun) throws {
        try manyAtOnce.withLock { _ in try watchTwoHundred(check) }
    }

    private static func watchTwoHundred(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let pairs = try (0 ..< 200).map { _ in try PeerSocket.pair() }
        var calls = [Int](repeating: 0, count: pairs.count)
        check.run("200 readers") {
            for (number, pair) in pairs.enumerated() {
                try loop.setReader(pair.0.descriptor) {
                    calls[number] += 1
                    _ = try? pair.0.read()
                    if calls.allSatisfy({ $0 > 0 }) { check.finish() }
                }
            }
            loop.callLater(.milliseconds(5)) {
                for pair in pairs { _ = try? pair.1.write([1]) }
            }
        }
        check.enter { for pair in pairs { loop.removeReader(pair.0.descriptor) } }
        check.expect(calls.allSatisfy { $0 == 1 }, "calls of 200 readers, each ready once: \(calls.max() ?? 0) at most")
    }

    @Sendable static func pipe(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let pipe = try PeerSocket.pipe()
        var ends: [String] = []
        check.run("a pipe that is readable, and one that lost its reader") {
            try loop.setReader(pipe.reader.descriptor) {
                ends.append("data")
                loop.removeReader(pipe.reader.descriptor)
                pipe.reader.close()
                do {
                    try loop.setWriter(pipe.writer.descriptor) {
                        ends.append("broken")
                        loop.removeWriter(pipe.writer.descriptor)
                        check.finish()
                    }
                } catch { check.fail("\(error)") }
            }
            pipe.writer.writePipe([1])
        }
        check.expectEqual(ends, ["data", "broken"], "events of a pipe")
    }

    @Sendable static func starvesNoTimer(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let (near, _) = try PeerSocket.pair()
        var left = 20
        func next() {
            left -= 1
            if left == 0 { check.finish() } else { loop.callLater(.milliseconds(1)) { next() } }
        }
        check.run("20 timers of 1 ms next to a descriptor that is always ready") {
            try loop.setWriter(near.descriptor) {}
            next()
        }
        check.enter { loop.removeWriter(near.descriptor) }
    }

    @Sendable static func starvesNoMailbox(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let (near, _) = try PeerSocket.pair()
        let mailbox = loop.mailbox
        let box = Confined(check)
        check.run("a posted callback next to a descriptor that is always ready") {
            try loop.setWriter(near.descriptor) {}
            _ = Gate.afterThread {
                System.sleep(.milliseconds(10))
                try? mailbox.addCallbackThreadsafe { box.value.finish() }
            }
        }
        check.enter { loop.removeWriter(near.descriptor) }
    }

    @Sendable static func starvesNoOther(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let (busy, _) = try PeerSocket.pair()
        let (near, far) = try PeerSocket.pair()
        check.run("a reader next to a descriptor that is always ready") {
            try loop.setWriter(busy.descriptor) {}
            try loop.setReader(near.descriptor) {
                loop.removeReader(near.descriptor)
                check.finish()
            }
            loop.callLater(.milliseconds(10)) { _ = try? far.write([1]) }
        }
        check.enter { loop.removeWriter(busy.descriptor) }
    }
}
