internal import AMQPConnection
internal import AMQPPosix

/// The order within a turn, what waits for the next one, and the end of a turn.
enum TurnChecks {
    static let all = [
        AdapterCheck("turn/mailbox-before-timers", .loop, covers: ["L1"], mailboxBeforeTimers),
        AdapterCheck(
            "turn/descriptors-before-mailbox-and-timers", .loop, covers: ["L1"], needs: [.descriptors, .wholeTurns],
            descriptorsBeforeMailboxAndTimers),
        AdapterCheck(
            "turn/mailbox-and-due-timer-follow-a-reader", .loop, covers: ["L1"], needs: .descriptors,
            dueFollowsAReader),
        AdapterCheck("turn/zero-delay-waits-for-the-next-turn", .loop, covers: ["L1", "L2"], zeroDelayWaits),
        AdapterCheck("turn/posted-callback-waits-for-the-next-turn", .loop, covers: ["L1", "L3"], postedCallbackWaits),
        AdapterCheck("turn/end-comes-after-callbacks", .loop, covers: ["L6"], endComesAfterCallbacks),
        AdapterCheck("turn/end-is-called-once-for-each-registration", .loop, covers: ["L6"], endOncePerRegistration),
        AdapterCheck("turn/end-registered-at-the-end-is-the-same-turn", .loop, covers: ["L6"], endRegisteredAtTheEnd),
        AdapterCheck("turn/end-registered-outside-asks-for-a-turn", .loop, covers: ["L6"], endOutsideATurn),
        AdapterCheck("turn/no-callback-inside-a-call", .loop, covers: ["L4"], noCallbackInsideACall),
    ]

    @Sendable static func mailboxBeforeTimers(_ check: CheckRun) {
        var order: [String] = []
        let note = Confined { (what: String) in order.append(what) }
        check.run {
            check.loop.callLater(.zero) {
                // Both are ready in the next turn, whose mailbox comes first.
                check.loop.callLater(.zero) {
                    order.append("timer")
                    check.finish()
                }
                try? check.loop.addCallbackThreadsafe { note.value("mailbox") }
            }
        }
        check.expectEqual(order, ["mailbox", "timer"], "order within a turn")
    }

    @Sendable static func descriptorsBeforeMailboxAndTimers(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let pipe = try PeerSocket.pipe()
        var order: [String] = []
        let note = Confined { (what: String) in order.append(what) }
        check.run {
            loop.callLater(.zero) {
                loop.callLater(.zero) {
                    order.append("timer")
                    check.finish()
                }
                try? loop.addCallbackThreadsafe { note.value("mailbox") }
                pipe.writer.writePipe([1])
                do {
                    try loop.setReader(pipe.reader.descriptor) {
                        order.append("descriptor")
                        loop.removeReader(pipe.reader.descriptor)
                    }
                } catch { check.fail("\(error)") }
            }
        }
        check.expectEqual(order, ["descriptor", "mailbox", "timer"], "order within a turn")
    }

    @Sendable static func dueFollowsAReader(_ check: CheckRun) throws {
        let loop = try check.descriptorLoop()
        let pipe = try PeerSocket.pipe()
        check.run("a reader, and what is due by its end") {
            let sequel = EventSequel(check) { pipe.writer.writePipe([1]) }
            try loop.setReader(pipe.reader.descriptor) {
                _ = try? pipe.reader.read()
                sequel.eventCame()
            }
            loop.callLater(.zero) { sequel.begin() }
        }
        check.enter { loop.removeReader(pipe.reader.descriptor) }
    }

    @Sendable static func zeroDelayWaits(_ check: CheckRun) {
        var turns: [Int] = []
        check.run {
            let meter = TurnMeter(check.loop)
            check.loop.callLater(.zero) {
                turns.append(meter.mark())
                check.loop.callLater(.zero) {
                    turns.append(meter.mark())
                    check.finish()
                }
            }
        }
        check.expectEqual(turns, [0, 1], "turns of a timer and of the zero-delay timer that it made")
    }

    @Sendable static func postedCallbackWaits(_ check: CheckRun) {
        var turns: [Int] = []
        check.run {
            let meter = TurnMeter(check.loop)
            let loop = Confined(check.loop)
            let note = Confined {
                turns.append(meter.mark())
                if turns.count == 3 { check.finish() }
            }
            try check.loop.addCallbackThreadsafe {
                note.value()
                try? loop.value.addCallbackThreadsafe {
                    note.value()
                    try? loop.value.addCallbackThreadsafe { note.value() }
                }
            }
        }
        check.expectEqual(turns, [0, 1, 2], "turns of callbacks that each posted the next")
    }

    @Sendable static func endComesAfterCallbacks(_ check: CheckRun) {
        var order: [String] = []
        check.run {
            let meter = TurnMeter(check.loop)
            meter.onEnd = { order.append("end") }
            check.loop.callLater(.zero) {
                _ = meter.mark()
                order.append("first")
            }
            check.loop.callLater(.zero) { order.append("second") }
            check.loop.callLater(.milliseconds(20)) { check.finish() }
        }
        check.expectEqual(order, ["first", "second", "end"], "the end of a turn")
    }

    @Sendable static func endOncePerRegistration(_ check: CheckRun) {
        final class Observer: TurnObserver {
            var count = 0
            func turnEnded() { count += 1 }
        }
        let observer = Observer()
        check.run {
            check.loop.callLater(.zero) {
                check.loop.callAtEndOfTurn(observer)
                check.loop.callAtEndOfTurn(observer)
            }
            check.loop.callLater(.milliseconds(20)) { check.finish() }
        }
        check.expectEqual(observer.count, 2, "calls of an observer that was registered twice, over several turns")
    }

    @Sendable static func endRegisteredAtTheEnd(_ check: CheckRun) {
        final class Observer: TurnObserver {
            var body: () -> Void = {}
            func turnEnded() { body() }
        }
        var order: [String] = []
        check.run {
            let (first, second) = (Observer(), Observer())
            first.body = {
                order.append("first end")
                check.loop.callAtEndOfTurn(second)
            }
            second.body = { order.append("second end") }
            check.loop.callLater(.zero) {
                check.loop.callAtEndOfTurn(first)
                check.loop.callLater(.zero) {
                    order.append("next turn")
                    check.finish()
                }
            }
        }
        check.expectEqual(order, ["first end", "second end", "next turn"], "ends of a turn")
    }

    @Sendable static func endOutsideATurn(_ check: CheckRun) {
        check.run("a turn that was asked for before the loop ran", within: nil) {
            let meter = TurnMeter(check.loop)
            meter.onEnd = { check.finish() }
            check.duringCall("callAtEndOfTurn") { _ = meter.mark() }
        }
    }

    @Sendable static func noCallbackInsideACall(_ check: CheckRun) throws {
        let box = Confined(check)
        var waiting = 3
        let arrived = Confined {
            waiting -= 1
            if waiting == 0 { check.finish() }
        }
        check.run("a callback of each call") {
            func callEverything() {
                check.duringCall("callLater") {
                    _ = check.loop.callLater(.zero) {
                        check.entered("a timer")
                        arrived.value()
                    }
                }
                check.duringCall("addCallbackThreadsafe") {
                    try? check.loop.addCallbackThreadsafe {
                        box.value.entered("a mailbox callback")
                        arrived.value()
                    }
                }
                check.duringCall("callAtEndOfTurn") {
                    let meter = TurnMeter(check.loop)
                    meter.onEnd = {
                        check.entered("a turn's end")
                        arrived.value()
                    }
                    _ = meter.mark()
                }
            }
            callEverything()
            waiting += 3
            check.loop.callLater(.milliseconds(1)) { callEverything() }
        }
    }
}
