internal import AMQPConnection
internal import AMQPPosix

/// Law L9: a loop that is borrowed stays its owner's.
enum HostChecks {
    static let all = [
        AdapterCheck("host/runs-inside-the-host", .loop, covers: ["L9"], needs: .borrowed, runsInsideTheHost),
        AdapterCheck("host/stop-leaves-the-host-running", .loop, covers: ["L9"], needs: .borrowed, stopLeavesTheHost),
        AdapterCheck(
            "host/close-leaves-the-host-running", .loop, covers: ["L9"], needs: [.borrowed, .closing],
            closeLeavesTheHost),
        AdapterCheck(
            "host/made-inside-the-hosts-callback", .loop, covers: ["L6", "L9"], needs: .borrowed, callsFromTheHost),
    ]

    private static func foreign(_ check: CheckRun) throws(CheckProblem) -> LoopHost.Foreign {
        guard let foreign = check.host.foreign else {
            throw CheckProblem("the adapter says that it is borrowed, but its host has no foreign loop")
        }
        return foreign
    }

    @Sendable static func runsInsideTheHost(_ check: CheckRun) throws {
        let foreign = try foreign(check)
        let mailbox = check.loop.mailbox
        var events: Set<String> = []
        let note = Confined { (event: String) in
            events.insert(event)
            if events.count == 3 { foreign.stop() }
        }
        check.enter {
            check.loop.callLater(.milliseconds(10)) { note.value("timer") }
            _ = Gate.afterThread {
                System.sleep(.milliseconds(20))
                try? mailbox.addCallbackThreadsafe { note.value("mailbox") }
            }
            foreign.callLater(.milliseconds(30)) { note.value("host") }
            foreign.callLater(.seconds(5)) {
                if events.count < 3 { check.fail("while the host ran only these came: \(events.sorted())") }
                foreign.stop()
            }
        }
        foreign.run()
        check.expectEqual(events, ["timer", "mailbox", "host"], "what ran inside the host's own run")
    }

    @Sendable static func stopLeavesTheHost(_ check: CheckRun) throws {
        let foreign = try foreign(check)
        var ran = false
        check.enter {
            check.loop.callLater(.milliseconds(5)) {
                check.loop.stop()
                foreign.callLater(.milliseconds(30)) {
                    ran = true
                    foreign.stop()
                }
            }
            foreign.callLater(.seconds(5)) { foreign.stop() }
        }
        foreign.run()
        check.expect(ran, "stop() of the borrowed loop stopped the host's")
    }

    @Sendable static func closeLeavesTheHost(_ check: CheckRun) throws {
        let foreign = try foreign(check)
        var isClosedSinceLongAgo = false
        var ran = false
        check.enter {
            check.loop.callLater(.milliseconds(5)) {
                check.host.close()
                foreign.callLater(.milliseconds(1)) { isClosedSinceLongAgo = true }
                foreign.callLater(.milliseconds(150)) {
                    ran = true
                    foreign.stop()
                }
            }
            // What is due in the very turn of the close may still run; what is due later must not.
            check.loop.callLater(.milliseconds(100)) {
                check.expect(!isClosedSinceLongAgo, "a timer of the closed loop ran")
            }
            foreign.callLater(.seconds(5)) { foreign.stop() }
        }
        foreign.run()
        check.expect(ran, "close() of the borrowed loop ended the host's")
    }

    @Sendable static func callsFromTheHost(_ check: CheckRun) throws {
        let foreign = try foreign(check)
        var events: [String] = []
        check.enter {
            // Nothing of the adapter's is due when the host calls, so each of these has to ask for a turn.
            foreign.callLater(.milliseconds(20)) {
                check.duringCall("callLater") {
                    _ = check.loop.callLater(.milliseconds(5)) {
                        check.entered("a timer")
                        events.append("timer")
                        foreign.stop()
                    }
                }
                let meter = TurnMeter(check.loop)
                meter.onEnd = {
                    check.entered("a turn's end")
                    events.append("end")
                }
                check.duringCall("callAtEndOfTurn") { _ = meter.mark() }
            }
            foreign.callLater(.seconds(5)) { foreign.stop() }
        }
        foreign.run()
        check.expectEqual(events, ["end", "timer"], "what the host's callback asked for")
    }
}
