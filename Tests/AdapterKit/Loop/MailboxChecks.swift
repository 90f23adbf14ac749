internal import AMQPConnection
internal import AMQPPosix

/// The mailbox: law L3.
enum MailboxChecks {
    static let all = [
        AdapterCheck(
            "mailbox/posted-before-start", .loop,
            covers: ["L3", "TestAddCallbackThreadsafeRequestBeforeIOLoopStarts"], postedBeforeStart),
        AdapterCheck(
            "mailbox/posted-from-the-loop", .loop, covers: ["TestAddCallbackThreadsafeFromIOLoopThread"],
            postedFromTheLoop),
        AdapterCheck(
            "mailbox/posted-from-another-thread", .loop, covers: ["TestAddCallbackThreadsafeFromAnotherThread"],
            postedFromAnotherThread),
        AdapterCheck("mailbox/posted-while-stopped", .loop, postedWhileStopped),
        AdapterCheck("mailbox/keeps-the-order-of-posting", .loop, covers: ["L3"], keepsTheOrder),
        AdapterCheck(
            "mailbox/eight-threads-post-ten-thousand-each", .loop, covers: ["L3"], limit: .seconds(60), eightThreads),
        AdapterCheck(
            "mailbox/wakes-a-sleeping-loop", .loop, covers: ["L3"], limit: .seconds(10), wakesASleepingLoop),
        AdapterCheck("mailbox/wakes-again-and-again", .loop, covers: ["L3"], wakesAgainAndAgain),
        AdapterCheck("mailbox/chain-starves-no-timer", .loop, covers: ["L7"], chainStarvesNoTimer),
        AdapterCheck(
            "mailbox/chain-starves-no-descriptor", .loop, covers: ["L7"], needs: .descriptors,
            chainStarvesNoDescriptor),
        AdapterCheck(
            "mailbox/posted-from-an-event-while-a-turn-is-due", .loop, covers: ["L3"], needs: .descriptors,
            postedFromAnEventWhileATurnIsDue),
        AdapterCheck("mailbox/releases-what-ran", .loop, releasesWhatRan),
        AdapterCheck(
            "mailbox/refuses-after-close", .loop, covers: ["L3", "TestAddCallbackThreadsafeAfterClose"],
            needs: .closing, refusesAfterClose),
        AdapterCheck(
            "mailbox/runs-what-was-accepted-before-close", .loop, covers: ["L3"], needs: .closing, runsAccepted),
        AdapterCheck(
            "mailbox/posts-race-with-close", .loop, covers: ["L3", "L5"], needs: .closing, postsRaceWithClose),
    ]

    @Sendable static func postedBeforeStart(_ check: CheckRun) {
        let box = Confined(check)
        check.run("a callback that was posted before the loop started", within: nil) {
            try check.duringCall("addCallbackThreadsafe") {
                try check.loop.addCallbackThreadsafe {
                    box.value.entered("a mailbox callback")
                    box.value.finish()
                }
            }
        }
    }

    @Sendable static func postedFromTheLoop(_ check: CheckRun) {
        let box = Confined(check)
        check.run("a callback that was posted from the loop") {
            check.loop.callLater(.milliseconds(1)) {
                check.duringCall("addCallbackThreadsafe") {
                    try? check.loop.addCallbackThreadsafe {
                        box.value.entered("a mailbox callback")
                        box.value.finish()
                    }
                }
            }
        }
    }

    @Sendable static func postedFromAnotherThread(_ check: CheckRun) {
        let mailbox = check.loop.mailbox
        let box = Confined(check)
        check.run("a callback that was posted from another thread") {
            _ = Gate.afterThread {
                try? mailbox.addCallbackThreadsafe {
                    box.value.expect(mailbox.isCurrent, "a posted callback ran elsewhere")
                    box.value.finish()
                }
            }
        }
    }

    @Sendable static func postedWhileStopped(_ check: CheckRun) {
        let mailbox = check.loop.mailbox
        let box = Confined(check)
        check.runFor(.milliseconds(1))
        let posted = Gate.afterThread { try? mailbox.addCallbackThreadsafe { box.value.finish() } }
        check.expect(posted.wait(within: .seconds(5)), "posting to a stopped loop blocked")
        check.run("a callback that was posted while the loop was stopped", within: nil)
    }

    @Sendable static func keepsTheOrder(_ check: CheckRun) {
        var order: [Int] = []
        let note = Confined { (number: Int) in
            order.append(number)
            if order.count == 1000 { check.finish() }
        }
        check.run("1,000 posted callbacks") {
            for number in 0 ..< 1000 { try check.loop.addCallbackThreadsafe { note.value(number) } }
        }
        check.expectEqual(order, Array(0 ..< 1000), "order of posted callbacks")
    }

    @Sendable static func eightThreads(_ check: CheckRun) {
        final class Tally {
            var next = [Int](repeating: 0, count: 8)
            var total = 0
            var isInOrder = true
        }
        let mailbox = check.loop.mailbox
        let box = Confined((check: check, tally: Tally()))
        // No timer is set meanwhile, so that a lost wake-up is not mended by one.
        check.run("80,000 callbacks of 8 threads", within: nil) {
            for thread in 0 ..< 8 {
                _ = Gate.afterThread {
                    for number in 0 ..< 10_000 {
                        try? mailbox.addCallbackThreadsafe {
                            let tally = box.value.tally
                            if tally.next[thread] != number { tally.isInOrder = false }
                            tally.next[thread] = number + 1
                            tally.total += 1
                            if tally.total == 80_000 { box.value.check.finish() }
                        }
                    }
                }
            }
        }
        check.expectEqual(box.value.tally.total, 80_000, "callbacks that ran")
        check.expect(box.value.tally.isInOrder, "callbacks of one thread ran out of order")
    }

    @Sendable static func wakesASleepingLoop(_ check: CheckRun) {
        let mailbox = check.loop.mailbox
        let box = Confined(check)
        let log = check.log
        // Whether it sleeps is another check's business; a loop that is not woken has nothing to end its sleep.
        let limit = Duration.seconds(3) * check.patience
        check.run("a wake-up", within: nil) {
            _ = Gate.afterThread {
                System.sleep(.milliseconds(100))
                let posted = System.now
                try? mailbox.addCallbackThreadsafe {
                    let passed = posted.duration(to: System.now)
                    if passed > limit { log.add("a sleeping loop woke up after \(passed)") }
                    box.value.finish()
                }
            }
        }
    }

    @Sendable static func wakesAgainAndAgain(_ check: CheckRun) {
        let mailbox = check.loop.mailbox
        let box = Confined(check)
        let log = check.log
        let begin = System.now
        check.run("200 wake-ups", within: nil) {
            _ = Gate.afterThread {
                for round in 1 ... 200 {
                    let ran = Gate()
                    try? mailbox.addCallbackThreadsafe { ran.open() }
                    if !ran.wait(within: .seconds(2)) { log.add("wake-up \(round) was lost") }
                }
                try? mailbox.addCallbackThreadsafe { box.value.finish() }
            }
        }
        let passed = begin.duration(to: System.now)
        check.expect(passed < .seconds(4) * check.patience, "200 wake-ups took \(passed)")
    }

    @Sendable static func chainStarvesNoTimer(_ check: CheckRun) {
        check.run("a timer next to an endless chain of posted callbacks") {
            chain(check.loop.mailbox)
            check.loop.callLater(.milliseconds(20)) { check.finish() }
        }
    }

    @Sendable static func chainStarvesNoDescriptor(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let pipe = try PeerSocket.pipe()
        check.run("a descriptor next to an endless chain of posted callbacks") {
            chain(loop.mailbox)
            try loop.setReader(pipe.reader.descriptor) {
                loop.removeReader(pipe.reader.descriptor)
                check.finish()
            }
            pipe.writer.writePipe([1])
        }
    }

    @Sendable static func postedFromAnEventWhileATurnIsDue(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let mailbox = loop.mailbox
        let pipe = try PeerSocket.pipe()
        let box = Confined(check)
        var count = 0
        // Each call asks for the next turn, which comes with an event, too, until there are no more of them. No timer is
        // set meanwhile, so that a lost wake-up is not mended by one.
        check.run("what the last event's callback posted", within: nil) {
            pipe.writer.writePipe([1])
            try loop.setReader(pipe.reader.descriptor) {
                count += 1
                guard count == 4 else {
                    try? mailbox.addCallbackThreadsafe {}
                    return
                }
                loop.removeReader(pipe.reader.descriptor)
                try? mailbox.addCallbackThreadsafe { box.value.finish() }
            }
        }
        check.expectEqual(count, 4, "events")
    }

    @Sendable static func releasesWhatRan(_ check: CheckRun) {
        final class Token: Sendable {}
        weak var token: Token?
        check.run {
            let held = Token()
            token = held
            try check.loop.addCallbackThreadsafe { withExtendedLifetime(held) {} }
            check.loop.callLater(.milliseconds(20)) { check.finish() }
        }
        check.expect(token == nil, "a posted callback is kept after it ran")
    }

    @Sendable static func refusesAfterClose(_ check: CheckRun) {
        let mailbox = check.loop.mailbox
        let log = check.log
        check.runFor(.milliseconds(1))
        check.enter { check.host.close() }
        @Sendable func post() {
            do throws(AMQPError) {
                try mailbox.addCallbackThreadsafe { log.add("a callback that was posted after close() ran") }
                log.add("a closed loop accepted a callback")
            } catch {
                if error.code != .loopClosed { log.add("a closed loop refused with \(error.code)") }
            }
        }
        check.enter { post() }
        check.expect(Gate.afterThread(post).wait(within: .seconds(5)), "posting to a closed loop blocked")
    }

    @Sendable static func runsAccepted(_ check: CheckRun) {
        var ran = 0
        let note = Confined { ran += 1 }
        check.enter {
            for _ in 0 ..< 10 { try check.loop.addCallbackThreadsafe { note.value() } }
            check.host.close()
        }
        check.expectEqual(ran, 10, "callbacks that were accepted before close() and ran")
    }

    @Sendable static func postsRaceWithClose(_ check: CheckRun) {
        let mailbox = check.loop.mailbox
        let (accepted, ran) = (Counter(), Counter())
        let done = Gate.afterThread {
            for _ in 0 ..< 1_000_000 {
                do throws(AMQPError) {
                    try mailbox.addCallbackThreadsafe { ran.increment() }
                    accepted.increment()
                } catch {
                    return
                }
            }
        }
        check.run {
            check.loop.callLater(.milliseconds(20)) {
                check.finish()
                check.host.close()
            }
        }
        check.expect(done.wait(within: .seconds(10)), "posting never ended although the loop was closed")
        check.expectEqual(ran.value, accepted.value, "callbacks that ran of those that were accepted")
    }

    /// A posted callback that posts the next one for ever.
    @Sendable private static func chain(_ mailbox: Mailbox) {
        try? mailbox.addCallbackThreadsafe { chain(mailbox) }
    }
}
