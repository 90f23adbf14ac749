import AMQPConnection
import AMQPPosix

/// Running the loop until what a call waits for has happened; none of the program's callbacks runs in here.
extension BlockingConnection {
    /// What every call begins with: the calling thread becomes the connection's.
    ///
    /// - Throws: ``AMQPError/Code/connectionWrongState`` if the connection is over, ``AMQPError/Code/reentrantCall`` inside
    ///   the core's own callbacks (a function among the parameters, for example), where nothing can be waited for.
    func enter() throws(AMQPError) {
        loop.adopt()
        if let ending {
            throw AMQPError(
                .connectionWrongState, blame: .application, "the connection is over", replyCode: ending.replyCode,
                replyText: ending.replyText, underlying: ending)
        }
        guard !loop.isInTurn else {
            throw AMQPError(.reentrantCall, blame: .application, "a blocking call inside a callback of the loop's")
        }
    }

    /// Makes a request of the core's and waits for its completion, which comes exactly once.
    func call<Reply>(
        _ request: (@escaping (Result<Reply, AMQPError>) -> Void) -> Void
    ) throws(AMQPError) -> Reply {
        try enter()
        defer { forgetIfOver() }
        var outcome: Result<Reply, AMQPError>?
        request { outcome = $0 }
        run { outcome == nil }
        guard let outcome else { throw AMQPError(.loopClosed, blame: .application, "the loop was closed") }
        if case .failure(let error) = outcome, error.code == ending?.code { _ = takeEnding() }
        return try outcome.get()
    }

    /// Every call ends with this. When the connection is over, what has not been dispatched never is, and must not keep the
    /// program's objects alive; a callback that is running leaves it to the call that runs it.
    func forgetIfOver() {
        guard ending != nil, !isDispatching else { return }
        events.removeAll()
        closedChannels = []
    }

    /// Waits until all output has been handed to the system.
    ///
    /// - Parameter limit: how long that may take; `nil` for ever.
    /// - Throws: ``AMQPError/Code/deadlineExceeded`` if the broker does not read; the output still leaves with later calls.
    func flush(within limit: Duration?) throws(AMQPError) {
        defer { forgetIfOver() }
        step(.zero)
        guard core.unsentByteCount > 0 else { return }
        run(until: limit.map { loop.now.advanced(by: $0) }) { ending == nil && core.unsentByteCount > 0 }
        guard ending == nil, core.unsentByteCount > 0, let limit else { return }
        throw AMQPError(
            .deadlineExceeded, blame: .deadline,
            "\(core.unsentByteCount) bytes could not be sent within \(limit): the broker does not read")
    }

    /// Runs the loop as long as `isWaiting`, and until the deadline.
    func run(until deadline: LoopInstant? = nil, while isWaiting: () -> Bool) {
        while isWaiting(), !loop.isClosed {
            var limit = Duration.seconds(3600)
            if let deadline {
                limit = min(limit, loop.now.duration(to: deadline))
                guard limit > .zero else { return }
            }
            step(limit)
        }
    }

    /// Runs one turn, and takes over what other threads have posted.
    func step(_ limit: Duration) {
        // Inside a callback: what it took until now, the loop had to wait.
        if dispatched != nil { lookForStall() }
        loop.step(timeLimit: limit)
        if dispatched != nil { servedAt = loop.now }
        lastStep = loop.now
        holdIfFull()
        for callback in mailbox.drain() { events.append(BlockingEvent(kind: .posted(callback))) }
    }

    /// Runs `body`, which lets the stream be read behind what does not count.
    func counting<Value>(_ backlog: Backlog, _ body: () -> Value) -> Value {
        countedBacklog = backlog
        defer { countedBacklog = .everything }
        return body()
    }

    /// What counts while events are waited for. Those of consumers with handlers may lie behind messages of sequences, which
    /// nobody takes meanwhile.
    var backlogOfEvents: Backlog {
        !isDispatching && channels.values.contains { !$0.consumers.isEmpty } ? .events : .everything
    }

    /// Stops the stream while much waits for the program: without a prefetch limit, or of a consumer that acknowledges
    /// automatically, it would be ever more.
    private func holdIfFull() {
        let count =
            switch countedBacklog {
            case .everything: streams.values.reduce(events.count) { $0 + ($1.isEnded ? 0 : $1.pending.count) }
            case .events: events.count
            case .nothing: 0
            }
        if count >= BlockingConnection.backlogLimit {
            if pause == nil { pause = core.pauseReading() }
        } else if count <= BlockingConnection.backlogLimit / 2 {
            pause?.end()
            pause = nil
        }
    }
}
