internal import AMQPConnection
internal import AMQPPosix

/// Timers: law L2.
enum TimerChecks {
    static let all = [
        AdapterCheck(
            "timer/never-early", .loop, covers: ["L2", "TestCallLaterDoesNotCallAheadOfTime"], neverEarly),
        AdapterCheck("timer/is-not-late", .loop, isNotLate),
        AdapterCheck("timer/runs-once", .loop, covers: ["L5"], runsOnce),
        AdapterCheck("timer/runs-in-order-of-deadlines", .loop, covers: ["TestCallLaterCallInOrder"], inOrder),
        AdapterCheck("timer/equal-deadlines-run-in-order-of-making", .loop, covers: ["L2"], equalDeadlines),
        AdapterCheck(
            "timer/same-deadline-and-callback-are-two-timers", .loop,
            covers: ["TestViabilityOfMultipleTimeoutsWithSameDeadlineAndCallback"], sameDeadlineAndCallback),
        AdapterCheck(
            "timer/cancelled-does-not-run", .loop, covers: ["TestCallLaterCancelledDoesNotCallBack"],
            cancelledDoesNotRun),
        AdapterCheck("timer/cancelled-in-the-same-batch-does-not-run", .loop, covers: ["L2"], cancelledInBatch),
        AdapterCheck(
            "timer/cancel-twice-from-its-own-callback", .loop,
            covers: ["L2", "TestCallLaterCancelTwiceFromOwnCallback"], cancelTwiceFromOwnCallback),
        AdapterCheck(
            "timer/cancel-is-idempotent", .loop, covers: ["L2", "TestCallLaterCancelReturnsNone"], cancelIsIdempotent),
        AdapterCheck("timer/cancel-of-an-old-handle-spares-new-timers", .loop, oldHandleSparesNewTimers),
        AdapterCheck("timer/cancel-releases-its-callback", .loop, cancelReleases),
        AdapterCheck("timer/runs-when-its-handle-was-dropped", .loop, runsWithoutHandle),
        AdapterCheck("timer/negative-delay-means-next-turn", .loop, covers: ["L2"], negativeDelay),
        AdapterCheck("timer/endless-delay-never-runs", .loop, endlessDelay),
        AdapterCheck("timer/earlier-one-made-later-runs-first", .loop, earlierMadeLater),
        AdapterCheck("timer/made-by-a-woken-loop-is-not-late", .loop, madeByAWokenLoop),
        AdapterCheck("timer/delay-counts-from-the-call", .loop, delayCountsFromTheCall),
        AdapterCheck("timer/ten-thousand-run-in-order", .loop, tenThousand),
        AdapterCheck("timer/ten-thousand-cancelled-are-silent", .loop, tenThousandCancelled),
        AdapterCheck("timer/zero-delay-chain-starves-no-mailbox", .loop, covers: ["L7"], chainStarvesNoMailbox),
        AdapterCheck(
            "timer/zero-delay-chain-starves-no-descriptor", .loop, covers: ["L7"], needs: .descriptors,
            chainStarvesNoDescriptor),
    ]

    @Sendable static func neverEarly(_ check: CheckRun) {
        var left = 0
        check.run {
            for microseconds in [0, 1, 100, 499, 500, 999, 1000, 1001, 1500, 2300, 5000, 9900, 17_500, 33_333] {
                left += 1
                let delay = Duration.microseconds(microseconds)
                let (begin, system) = (check.loop.now, System.now)
                check.loop.callLater(delay) {
                    let passed = begin.duration(to: check.loop.now)
                    check.expect(passed >= delay, "a timer of \(delay) ran after \(passed) of the loop's clock")
                    let real = system.duration(to: System.now)
                    check.expect(real >= delay, "a timer of \(delay) ran after \(real)")
                    left -= 1
                    if left == 0 { check.finish() }
                }
            }
        }
    }

    @Sendable static func isNotLate(_ check: CheckRun) {
        var passed = Duration.zero
        check.run {
            let begin = System.now
            check.loop.callLater(.milliseconds(50)) {
                passed = begin.duration(to: System.now)
                check.finish()
            }
        }
        check.expect(passed < .seconds(1), "a timer of 50 ms ran after \(passed)")
    }

    @Sendable static func runsOnce(_ check: CheckRun) {
        var counts = [0, 0, 0]
        check.run {
            check.loop.callLater(.zero) { counts[0] += 1 }
            check.loop.callLater(.milliseconds(1)) { counts[1] += 1 }
            check.loop.callLater(.milliseconds(10)) { counts[2] += 1 }
            check.loop.callLater(.milliseconds(60)) { check.finish() }
        }
        check.expectEqual(counts, [1, 1, 1], "calls of three timers")
    }

    @Sendable static func inOrder(_ check: CheckRun) {
        var order: [Int] = []
        /// Between which instants each is due: making them takes time too, on a busy machine more than lies between two.
        var due: [Int: ClosedRange<LoopInstant>] = [:]
        check.run {
            for delay in [30, 10, 40, 20, 0] {
                let begin = check.loop.now
                check.loop.callLater(.milliseconds(delay)) {
                    order.append(delay)
                    if order.count == 5 { check.finish() }
                }
                due[delay] =
                    begin.advanced(by: .milliseconds(delay)) ... check.loop.now.advanced(by: .milliseconds(delay))
            }
        }
        check.expectEqual(order.sorted(), [0, 10, 20, 30, 40], "timers")
        for (first, second) in zip(order, order.dropFirst()) {
            guard let first = due[first], let second = due[second] else { continue }
            check.expect(second.upperBound >= first.lowerBound, "a timer ran before one that was due earlier: \(order)")
        }
    }

    @Sendable static func equalDeadlines(_ check: CheckRun) {
        var order: [Int] = []
        check.run {
            // Zero delays that are made in one turn are due together; so are delays that have passed meanwhile.
            check.loop.callLater(.zero) {
                for number in 0 ..< 100 { check.loop.callLater(.zero) { order.append(number) } }
                for number in 100 ..< 200 { check.loop.callLater(.milliseconds(-5)) { order.append(number) } }
            }
            check.loop.callLater(.milliseconds(50)) { check.finish() }
        }
        check.expectEqual(order, Array(0 ..< 200), "order of timers with equal deadlines")
    }

    @Sendable static func sameDeadlineAndCallback(_ check: CheckRun) {
        var count = 0
        let callback = { count += 1 }
        check.run {
            check.loop.callLater(.milliseconds(5), callback)
            check.loop.callLater(.milliseconds(5), callback)
            check.loop.callLater(.milliseconds(40)) { check.finish() }
        }
        check.expectEqual(count, 2, "calls of a callback that two timers share")
    }

    @Sendable static func cancelledDoesNotRun(_ check: CheckRun) {
        var ran: [String] = []
        check.run {
            let timer = check.loop.callLater(.milliseconds(10)) { ran.append("cancelled") }
            check.loop.callLater(.milliseconds(10)) { ran.append("kept") }
            timer.cancel()
            check.loop.callLater(.milliseconds(40)) { check.finish() }
        }
        check.expectEqual(ran, ["kept"], "timers that ran")
    }

    @Sendable static func cancelledInBatch(_ check: CheckRun) {
        var ran: [String] = []
        check.run {
            var victim: TimerHandle?
            check.loop.callLater(.zero) {
                ran.append("first")
                victim?.cancel()
            }
            victim = check.loop.callLater(.zero) { ran.append("cancelled") }
            check.loop.callLater(.zero) { ran.append("last") }
            check.loop.callLater(.milliseconds(20)) { check.finish() }
        }
        check.expectEqual(ran, ["first", "last"], "timers that ran in one batch")
    }

    @Sendable static func cancelTwiceFromOwnCallback(_ check: CheckRun) {
        var ran = 0
        check.run {
            var timer: TimerHandle?
            timer = check.loop.callLater(.milliseconds(1)) {
                ran += 1
                timer?.cancel()
                timer?.cancel()
            }
            check.loop.callLater(.milliseconds(20)) { check.finish() }
        }
        check.expectEqual(ran, 1, "calls of a timer that cancels itself")
    }

    @Sendable static func cancelIsIdempotent(_ check: CheckRun) {
        var ran = 0
        check.run {
            let cancelled = check.loop.callLater(.milliseconds(1)) { check.fail("a cancelled timer ran") }
            cancelled.cancel()
            cancelled.cancel()
            let timer = check.loop.callLater(.milliseconds(1)) { ran += 1 }
            check.loop.callLater(.milliseconds(20)) {
                timer.cancel()
                timer.cancel()
                check.finish()
            }
        }
        check.expectEqual(ran, 1, "calls of the timer that was cancelled after it ran")
    }

    @Sendable static func oldHandleSparesNewTimers(_ check: CheckRun) {
        var ran = 0
        check.run {
            var old: [TimerHandle] = []
            for _ in 0 ..< 50 { old.append(check.loop.callLater(.zero) {}) }
            check.loop.callLater(.milliseconds(10)) {
                for _ in 0 ..< 50 { check.loop.callLater(.milliseconds(5)) { ran += 1 } }
                for timer in old { timer.cancel() }
                check.loop.callLater(.milliseconds(40)) { check.finish() }
            }
        }
        check.expectEqual(ran, 50, "timers that ran although handles of older ones were cancelled")
    }

    @Sendable static func cancelReleases(_ check: CheckRun) {
        final class Token {}
        weak var token: Token?
        check.run {
            let held = Token()
            token = held
            let timer = check.loop.callLater(.seconds(60)) { withExtendedLifetime(held) {} }
            timer.cancel()
            check.loop.callLater(.milliseconds(1)) { check.finish() }
        }
        check.expect(token == nil, "a cancelled timer keeps its callback until its deadline")
    }

    @Sendable static func runsWithoutHandle(_ check: CheckRun) {
        check.run("a timer whose handle was dropped") {
            _ = check.loop.callLater(.milliseconds(5)) { check.finish() }
        }
    }

    @Sendable static func negativeDelay(_ check: CheckRun) {
        check.run("timers with negative delays") {
            var left = 2
            for delay in [Duration.seconds(-1), .nanoseconds(Int64.min)] {
                check.duringCall("callLater") {
                    _ = check.loop.callLater(delay) {
                        check.entered("a timer")
                        left -= 1
                        if left == 0 { check.finish() }
                    }
                }
            }
        }
    }

    @Sendable static func endlessDelay(_ check: CheckRun) {
        check.runFor(.milliseconds(50)) {
            let delays = [
                Duration.seconds(Int64.max), .nanoseconds(Int64.max), .seconds(10_000_000), .seconds(1e19),
                Duration(attoseconds: .max),
            ]
            for delay in delays {
                check.loop.callLater(delay) { check.fail("a timer of \(delay) ran") }
            }
        }
    }

    @Sendable static func earlierMadeLater(_ check: CheckRun) {
        var order: [String] = []
        let begin = System.now
        check.run {
            check.loop.callLater(.seconds(6)) { order.append("late") }
            check.loop.callLater(.milliseconds(5)) {
                check.loop.callLater(.milliseconds(5)) {
                    order.append("early")
                    check.finish()
                }
            }
        }
        check.expectEqual(order, ["early"], "timers that ran")
        check.expect(begin.duration(to: System.now) < .seconds(4), "the loop slept until the later deadline")
    }

    @Sendable static func madeByAWokenLoop(_ check: CheckRun) {
        let mailbox = check.loop.mailbox
        let box = Confined(check)
        let begin = System.now
        check.run("a timer that a posted callback made", within: .seconds(6)) {
            _ = Gate.afterThread {
                System.sleep(.milliseconds(50))
                try? mailbox.addCallbackThreadsafe {
                    box.value.loop.callLater(.milliseconds(10)) { box.value.finish() }
                }
            }
        }
        check.expect(begin.duration(to: System.now) < .seconds(3), "the loop slept on with its old deadline")
    }

    @Sendable static func delayCountsFromTheCall(_ check: CheckRun) {
        var passed = Duration.zero
        check.enter {
            let begin = System.now
            check.loop.callLater(.milliseconds(300)) {
                passed = begin.duration(to: System.now)
                check.finish()
            }
        }
        System.sleep(.milliseconds(320))
        let started = System.now
        check.run("a timer that was due when the loop started")
        check.expect(passed >= .milliseconds(300), "a timer of 300 ms ran after \(passed)")
        check.expect(
            started.duration(to: System.now) < .milliseconds(250) * check.patience,
            "the delay began with the loop's start")
    }

    @Sendable static func tenThousand(_ check: CheckRun) {
        var order: [Int] = []
        check.run("10,000 timers") {
            for number in 0 ..< 10_000 {
                // Deadlines are spread over 50 ms in an order that is nothing like the order of making.
                let slot = number &* 7919 % 10_000
                check.loop.callLater(.microseconds(5 * slot)) {
                    order.append(slot)
                    if order.count == 10_000 { check.finish() }
                }
            }
        }
        check.expectEqual(order.count, 10_000, "timers that ran")
        // Making them takes time too, so a deadline is later than its slot by the time of its call: slots that lie
        // 50 ms apart or more must still be in order.
        var inversions = 0
        var highest = 0
        for slot in order {
            if slot + 10_000 < highest { inversions += 1 }
            highest = max(highest, slot)
        }
        check.expectEqual(inversions, 0, "timers out of order")
    }

    @Sendable static func tenThousandCancelled(_ check: CheckRun) {
        check.run("a timer behind 10,000 cancelled ones") {
            var timers: [TimerHandle] = []
            for number in 0 ..< 10_000 {
                timers.append(
                    check.loop.callLater(.microseconds(number % 100)) { check.fail("a cancelled timer ran") })
            }
            for timer in timers { timer.cancel() }
            check.loop.callLater(.milliseconds(20)) { check.finish() }
        }
    }

    @Sendable static func chainStarvesNoMailbox(_ check: CheckRun) {
        let mailbox = check.loop.mailbox
        let box = Confined(check)
        check.run("a posted callback next to an endless chain of timers") {
            chain(check)
            _ = Gate.afterThread { try? mailbox.addCallbackThreadsafe { box.value.finish() } }
        }
    }

    @Sendable static func chainStarvesNoDescriptor(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let pipe = try PeerSocket.pipe()
        check.run("a descriptor next to an endless chain of timers") {
            chain(check)
            try loop.setReader(pipe.reader.descriptor) {
                loop.removeReader(pipe.reader.descriptor)
                check.finish()
            }
            loop.callLater(.milliseconds(5)) { pipe.writer.writePipe([1]) }
        }
    }

    /// A timer that makes the next one for ever.
    private static func chain(_ check: CheckRun) {
        check.loop.callLater(.zero) { chain(check) }
    }
}
