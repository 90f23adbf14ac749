import AMQPProtocol
import Logging

extension Connection {
    /// How late a deadline may be noticed before the loop counts as blocked.
    private static let stallThreshold = Duration.seconds(1)

    /// Heartbeats both ways (specification 4.2.7): ours leaves after half the interval without other output; the peer is
    /// given up after 1.75 intervals of silence, between the one and the two that the specification allows.
    func startHeartbeats(_ tuned: TunedParameters) {
        guard tuned.heartbeat > 0 else { return }
        let now = ioLoop.now
        lastSent = now
        lastReceived = now
        deadlines[.heartbeatSend] = now.advanced(by: .milliseconds(500 * Int(tuned.heartbeat)))
        deadlines[.heartbeatReceive] = now.advanced(by: .milliseconds(1750 * Int(tuned.heartbeat)))
        armTimer()
    }

    /// Output waits: if none of it is taken for two heartbeat intervals, the peer has stopped reading, whatever it sends.
    ///
    /// A broker that has blocked the connection stops reading on purpose; that has a deadline of its own.
    func watchOutput() {
        guard let tuned, tuned.heartbeat > 0, !isOutputWatched, blockedReason == nil, !hasEnded else { return }
        isOutputWatched = true
        lastTaken = ioLoop.now
        deadlines[.output] = lastTaken.advanced(by: .seconds(2 * Int(tuned.heartbeat)))
        armTimer()
    }

    private func outputDeadlinePassed(_ now: LoopInstant) {
        guard let tuned, let waiting = transport?.unsentByteCount, waiting > 0 else {
            isOutputWatched = false
            return
        }
        let limit = Duration.seconds(2 * Int(tuned.heartbeat))
        if let stall = stalledFor(now) {
            logger.warning("a callback blocked the loop for \(stall); the broker gets more time to read")
            lastTaken = now
        }
        let due = lastTaken.advanced(by: limit)
        guard due <= now else {
            deadlines[.output] = due
            return
        }
        abort(
            AMQPError(
                .heartbeatTimeout, blame: .deadline,
                "the broker took none of \(waiting) bytes for \(limit); the heartbeat interval is "
                    + "\(tuned.heartbeat) s"))
    }

    /// Makes sure that the loop wakes us for the next deadline. A timer that is too early is left alone: when it fires,
    /// the table is looked at again.
    func armTimer() {
        guard let next = deadlines.next else {
            timer?.cancel()
            timer = nil
            timerInstant = nil
            return
        }
        if timer != nil, let armed = timerInstant, armed <= next { return }
        timer?.cancel()
        timerInstant = next
        timer = ioLoop.callLater(ioLoop.now.duration(to: next)) { [weak self] in
            self?.timer = nil
            self?.deadlinesPassed()
        }
    }

    private func deadlinesPassed() {
        let now = ioLoop.now
        for kind in deadlines.takePassed(now) where !hasEnded || kind == .close { passed(kind, now) }
        armTimer()
    }

    private func passed(_ kind: DeadlineTable.Kind, _ now: LoopInstant) {
        switch kind {
        case .workflow:
            workflowTimedOut()
        case .open:
            let limit = parameters.stackTimeout ?? .zero
            let error = AMQPError(.deadlineExceeded, blame: .deadline, "the connection was not open within \(limit)")
            abort(error)
        case .credentials:
            credentialsRefreshDue()
        case .close where hasEnded:
            transport?.abort()
        case .close:
            abort(AMQPError(.deadlineExceeded, blame: .deadline, "the broker did not confirm the close in time"))
        case .blocked:
            let limit = parameters.blockedConnectionTimeout ?? .zero
            abort(
                AMQPError(
                    .connectionBlockedTimeout, blame: .deadline,
                    "the broker blocked the connection for \(limit): \(blockedReason ?? "no reason given")"))
        case .output:
            outputDeadlinePassed(now)
        case .heartbeatSend:
            guard let tuned else { return }
            let due = lastSent.advanced(by: .milliseconds(500 * Int(tuned.heartbeat)))
            if due <= now {
                output.appendHeartbeat()
                flush()
                deadlines[.heartbeatSend] = now.advanced(by: .milliseconds(500 * Int(tuned.heartbeat)))
            } else {
                deadlines[.heartbeatSend] = due
            }
        case .heartbeatReceive:
            guard let tuned else { return }
            let limit = Duration.milliseconds(1750 * Int(tuned.heartbeat))
            let due = lastReceived.advanced(by: limit)
            if due > now {
                deadlines[.heartbeatReceive] = due
            } else if isReadingPaused {
                // Nothing is heard because nobody listens.
                deadlines[.heartbeatReceive] = now.advanced(by: limit)
            } else if !wasStallForgiven, let stall = stalledFor(now) {
                wasStallForgiven = true
                logger.warning("a callback blocked the loop for \(stall); the broker gets another interval to be heard")
                deadlines[.heartbeatReceive] = now.advanced(by: limit)
            } else {
                let silence = lastReceived.duration(to: now)
                abort(
                    AMQPError(
                        .heartbeatTimeout, blame: .deadline,
                        "nothing was received for \(silence); the heartbeat interval is \(tuned.heartbeat) s"))
            }
        }
    }

    /// How long the loop has kept us waiting beyond the deadline that we asked to be woken for, if that is long.
    func stalledFor(_ now: LoopInstant) -> Duration? {
        guard let timerInstant else { return nil }
        let late = timerInstant.duration(to: now)
        return late >= Connection.stallThreshold ? late : nil
    }

    /// Cuts the stream, which ends everything, or before the connection is open the attempt.
    func abort(_ error: AMQPError) {
        transport?.abort()
        end(error)
    }
}
