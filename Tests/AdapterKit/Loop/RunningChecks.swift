internal import AMQPConnection
internal import AMQPPosix

/// Starting, stopping, closing, the clock, and what a loop does when there is nothing to do.
enum RunningChecks {
    static let all = [
        AdapterCheck(
            "loop/callbacks-run-on-the-loop", .loop, covers: ["TestGetNativeIOLoop"], callbacksRunOnTheLoop),
        AdapterCheck(
            "loop/stop-from-another-thread", .loop, covers: ["TestRunWithStopFromThreadsafeCallback"],
            stopFromAnotherThread),
        AdapterCheck("loop/stop-takes-effect-after-the-turn", .loop, stopTakesEffectAfterTheTurn),
        AdapterCheck("loop/stop-before-start", .loop, covers: ["TestIOLoopStopBeforeIOLoopStarts"], stopBeforeStart),
        AdapterCheck("loop/starts-again", .loop, startsAgain),
        AdapterCheck("loop/timer-survives-a-stop", .loop, timerSurvivesAStop),
        AdapterCheck("loop/clock-is-monotonic", .loop, covers: ["L10"], clockIsMonotonic),
        AdapterCheck("loop/clock-agrees-with-the-system", .loop, covers: ["L10"], clockAgreesWithTheSystem),
        AdapterCheck("loop/two-loops-are-independent", .loop, covers: ["L9"], twoLoopsAreIndependent),
        AdapterCheck(
            "loop/close-inside-a-callback", .loop, covers: ["L4"], needs: .closing, closeInsideACallback),
        AdapterCheck("loop/close-drops-timers", .loop, covers: ["L5"], needs: .closing, closeDropsTimers),
        AdapterCheck("loop/sleeps-when-idle", .loop, covers: ["L3"], sleepsWhenIdle),
        AdapterCheck("loop/reports-a-stall", .loop, covers: ["L10"], needs: .stallReports, reportsAStall),
    ]

    @Sendable static func callbacksRunOnTheLoop(_ check: CheckRun) {
        let mailbox = check.loop.mailbox
        let box = Confined(check)
        check.run("a callback of each kind") {
            try check.loop.addCallbackThreadsafe {
                let check = box.value
                check.expect(mailbox.isCurrent, "isCurrent is false in a mailbox callback")
                check.loop.callLater(.zero) {
                    check.expect(mailbox.isCurrent, "isCurrent is false in a timer's callback")
                    check.finish()
                }
            }
        }
        let elsewhere = Confined(check.log)
        let done = Gate.afterThread {
            if mailbox.isCurrent { elsewhere.value.add("isCurrent is true on a thread that is not the loop's") }
        }
        check.expect(done.wait(within: .seconds(5)), "isCurrent blocked on another thread")
    }

    @Sendable static func stopFromAnotherThread(_ check: CheckRun) {
        let mailbox = check.loop.mailbox
        let box = Confined(check)
        check.run("a stop that another thread posts") {
            _ = Gate.afterThread { try? mailbox.addCallbackThreadsafe { box.value.finish() } }
        }
    }

    @Sendable static func stopTakesEffectAfterTheTurn(_ check: CheckRun) {
        var ran: [String] = []
        check.run {
            check.loop.callLater(.zero) {
                ran.append("first")
                check.finish()
            }
            check.loop.callLater(.zero) { ran.append("second") }
        }
        check.expectEqual(ran, ["first", "second"], "callbacks of the turn in which stop() was called")
    }

    @Sendable static func stopBeforeStart(_ check: CheckRun) {
        let begin = System.now
        check.run {
            check.loop.callLater(.seconds(4)) { check.finish() }
            check.finish()
        }
        check.expect(begin.duration(to: System.now) < .seconds(3), "stop() before start() did not make it return")
        var ran = false
        check.run("a timer after a start that returned at once") {
            check.loop.callLater(.milliseconds(5)) {
                ran = true
                check.finish()
            }
        }
        check.expect(ran, "one stop() ended two starts")
    }

    @Sendable static func startsAgain(_ check: CheckRun) {
        for round in 1 ... 5 {
            var ran = false
            check.run("round \(round)") {
                check.loop.callLater(.milliseconds(1)) {
                    ran = true
                    check.finish()
                }
            }
            check.expect(ran, "nothing ran in round \(round)")
        }
    }

    @Sendable static func timerSurvivesAStop(_ check: CheckRun) {
        var ran = false
        check.run {
            check.loop.callLater(.milliseconds(50)) {
                ran = true
                check.finish()
            }
            check.loop.callLater(.zero) { check.finish() }
        }
        check.expect(!ran, "a timer of 50 ms ran before one of zero")
        check.run("a timer that was made before the loop was stopped")
        check.expect(ran, "the timer was lost")
    }

    @Sendable static func clockIsMonotonic(_ check: CheckRun) {
        var last = LoopInstant(nanoseconds: 0)
        var count = 0
        func look() {
            let now = check.loop.now
            check.expect(now >= last, "the clock went back from \(last) to \(now)")
            last = now
            count += 1
            if count == 200 { check.finish() } else { check.loop.callLater(.microseconds(100)) { look() } }
        }
        check.run { look() }
    }

    @Sendable static func clockAgreesWithTheSystem(_ check: CheckRun) {
        var loopTime = Duration.zero
        var systemTime = Duration.zero
        check.run {
            let system = System.now
            let begin = check.loop.now
            check.loop.callLater(.milliseconds(300)) {
                loopTime = begin.duration(to: check.loop.now)
                systemTime = system.duration(to: System.now)
                check.finish()
            }
        }
        let difference = loopTime > systemTime ? loopTime - systemTime : systemTime - loopTime
        check.expect(
            difference < .milliseconds(250), "while \(systemTime) passed the loop's clock moved by \(loopTime)")
    }

    @Sendable static func twoLoopsAreIndependent(_ check: CheckRun) {
        let (adapter, log, patience) = (check.adapter, check.log, check.patience)
        let other = Gate.afterThread {
            do {
                let second = CheckRun(host: try adapter.makeHost(), adapter: adapter, log: log, patience: patience)
                for _ in 1 ... 10 {
                    second.run("a timer of the second loop") {
                        second.loop.callLater(.milliseconds(5)) { second.finish() }
                    }
                }
                second.enter { second.host.close() }
            } catch {
                log.add("a second loop could not be made: \(error)")
            }
        }
        var ran = false
        check.run("a timer of the first loop") {
            check.loop.callLater(.milliseconds(200)) {
                ran = true
                check.finish()
            }
        }
        check.expect(ran, "the first loop returned early, without a stop() of its own")
        check.expect(other.wait(within: .seconds(8)), "the second loop did not end")
    }

    @Sendable static func closeInsideACallback(_ check: CheckRun) {
        check.run("the end of a loop that was closed in a callback", within: nil) {
            check.loop.callLater(.milliseconds(5)) {
                check.finish()
                check.host.close()
            }
        }
        check.expect(check.loop.mailbox.isClosed, "the mailbox of a closed loop is open")
    }

    @Sendable static func closeDropsTimers(_ check: CheckRun) {
        final class Token {}
        weak var token: Token?
        var ran = false
        check.enter {
            let held = Token()
            token = held
            check.loop.callLater(.milliseconds(1)) {
                withExtendedLifetime(held) {}
                ran = true
            }
            check.host.close()
        }
        check.expect(!ran, "close() ran a timer")
        check.expect(token == nil, "a closed loop keeps its timers' callbacks")
    }

    @Sendable static func sleepsWhenIdle(_ check: CheckRun) {
        // What disturbs a loop can only make it busier, so the quietest of several times tells what it does by itself.
        var activities: [LoopActivity] = []
        check.run("the end of three idle times") {
            check.loop.callLater(.seconds(60)) {}
            func idle() {
                let begin = LoopActivity.Mark(check.host)
                check.loop.callLater(.milliseconds(300)) {
                    activities.append(LoopActivity(from: begin, to: LoopActivity.Mark(check.host)))
                    if activities.count == 3 {
                        check.finish()
                    } else {
                        check.loop.callLater(.milliseconds(20)) { idle() }
                    }
                }
            }
            check.loop.callLater(.milliseconds(50)) { idle() }
        }
        check.expect(
            activities.contains { $0.isKnown },
            "whether the loop sleeps cannot be known: it changes its thread, and its host has no turnCount")
        // One is the timer's; looking into the mailbox every 10 ms would make it thirty.
        if let most = activities.compactMap(\.wakeUps).min() {
            check.expect(most < 10, "an idle loop woke up \(most) times in 300 ms")
        }
        if let used = activities.compactMap(\.processorTime).min() {
            check.expect(used < .milliseconds(10), "an idle loop used \(used) of processor time in 300 ms")
        }
    }

    @Sendable static func reportsAStall(_ check: CheckRun) throws {
        guard let observeStalls = check.host.observeStalls else {
            throw CheckProblem("the adapter says that it reports stalls, but its host has no observeStalls")
        }
        var reports: [Duration] = []
        check.enter { observeStalls(.milliseconds(200)) { reports.append($0) } }
        check.runFor(.milliseconds(20))
        check.expect(reports.isEmpty, "a stall was reported without one")
        check.run {
            check.loop.callLater(.zero) {
                System.sleep(.milliseconds(300))
                check.loop.callLater(.milliseconds(1)) { check.finish() }
            }
        }
        check.expectEqual(reports.count, 1, "reports of one callback that blocked for 300 ms")
        check.expect(reports.allSatisfy { $0 >= .milliseconds(290) }, "a stall of 300 ms was told as \(reports)")
    }
}
