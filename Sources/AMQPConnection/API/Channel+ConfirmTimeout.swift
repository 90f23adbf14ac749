/// The watch over publishes that are not confirmed in time (``Channel/confirmTimeout``).
///
/// No publish is timed by itself: four times in the time allowed, the next sequence number is noted. What was published
/// before the note that is as old as the time allowed, and is still open, has taken too long.
struct ConfirmWatch {
    /// How many notes are made in the time allowed.
    static let notesPerTimeout = 4

    let limit: Duration
    var timer: TimerHandle
    /// The noted sequence numbers, the oldest first.
    var notes = RingBuffer<UInt64>()
}

extension Channel {
    /// Begins to watch, if there is something to watch and it is wanted.
    func watchConfirms() {
        if confirmWatch?.limit != confirmTimeout {
            confirmWatch?.timer.cancel()
            confirmWatch = nil
        }
        guard confirmWatch == nil, let limit = confirmTimeout, confirms.openCount > 0, !isClosed else { return }
        confirmWatch = ConfirmWatch(limit: limit, timer: startConfirmTimer(limit))
        confirmWatch?.notes.append(confirms.nextSequence)
    }

    private func startConfirmTimer(_ limit: Duration) -> TimerHandle {
        connection.ioLoop.callLater(limit / ConfirmWatch.notesPerTimeout) { [weak self] in self?.confirmTimerFired() }
    }

    private func confirmTimerFired() {
        guard var watch = confirmWatch else { return }
        guard confirms.openCount > 0 else {
            confirmWatch = nil
            return
        }
        var overdue: UInt64?
        if watch.notes.count >= ConfirmWatch.notesPerTimeout { overdue = watch.notes.popFirst() }
        watch.notes.append(confirms.nextSequence)
        watch.timer = startConfirmTimer(watch.limit)
        confirmWatch = watch
        if let overdue { expireConfirms(before: overdue, watch.limit) }
    }

    private func expireConfirms(before sequence: UInt64, _ limit: Duration) {
        var ended = resolved
        resolved = []
        let reason = "a publish was not confirmed within \(limit)"
        let error = AMQPError(.deadlineExceeded, blame: .deadline, reason, method: .basicPublish)
        confirms.expire(before: sequence, error, into: &ended)
        tellOutcomes(&ended)
    }
}
