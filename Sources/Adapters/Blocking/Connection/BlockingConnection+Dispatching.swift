public import AMQPConnection
import AMQPPosix

/// Letting callbacks run.
extension BlockingConnection {
    /// Sends and receives, and runs the callbacks of what has come: deliveries, cancels, returns, timers, and what other
    /// threads have posted.
    ///
    /// It waits until there is something to run a callback for. Inside a callback it sends and receives for the whole
    /// time, and runs nothing.
    ///
    /// - Parameter timeLimit: how long to wait at most; `nil` for ever. Default: not at all.
    /// - Throws: ``AMQPError``: what ended the connection, or a channel that the broker has closed; what a callback threw
    ///   (an error that is not an `AMQPError` is the underlying one of ``AMQPError/Code/handlerFailed``);
    ///   ``AMQPError/Code/connectionWrongState`` if the connection was over before; ``AMQPError/Code/reentrantCall``
    ///   without a time limit inside a callback. What has not been dispatched yet stays for the next call.
    @available(*, noasync)
    public func processDataEvents(timeLimit: Duration? = .zero) throws(AMQPError) {
        if timeLimit == nil, isDispatching { throw reentrancy("processDataEvents without a time limit") }
        try enter()
        try process(until: timeLimit.map { loop.now.advanced(by: $0) })
    }

    /// Sends and receives and runs callbacks for this long; not a moment less, unless the connection ends.
    ///
    /// - Throws: as ``processDataEvents(timeLimit:)``.
    @available(*, noasync)
    public func sleep(_ duration: Duration) throws(AMQPError) {
        try enter()
        let end = loop.now.advanced(by: duration)
        repeat { try process(until: end) } while ending == nil && loop.now < end
    }

    /// Sends and receives until there is something to dispatch, `isDone`, or the deadline; then dispatches it.
    ///
    /// - Parameter backlog: what counts while it waits; that of events if `nil`.
    func process(
        until deadline: LoopInstant?, counting backlog: Backlog? = nil, _ isDone: () -> Bool = { false }
    ) throws(AMQPError) {
        let mayDispatch = !isDispatching
        defer { forgetIfOver() }
        counting(backlog ?? backlogOfEvents) {
            step(.zero)
            run(until: deadline) {
                !isDone() && (!mayDispatch || events.isEmpty) && ending == nil && closedChannels.isEmpty
            }
        }
        if mayDispatch { try dispatch() }
        if let error = takeEnding() { throw error }
        if !closedChannels.isEmpty, let error = closedChannels.removeFirst().ending { throw error }
    }

    func reentrancy(_ call: String) -> AMQPError {
        AMQPError(.reentrantCall, blame: .application, "\(call) inside a callback would never return")
    }

    /// Runs the callbacks of what is there now; what they bring about waits for the next time. When one of them has ended the
    /// connection, nothing is left but messages that count as acknowledged.
    private func dispatch() throws(AMQPError) {
        let end = events.end
        while let event = events.popFirst(before: ending == nil ? end : events.end) { try dispatch(event) }
    }

    /// Reports the callback that is running, or has just returned, if it has kept the loop waiting for too long.
    func lookForStall() {
        let last = servedAt
        servedAt = loop.now
        guard let dispatched, last.advanced(by: core.stallThreshold) < servedAt else { return }
        core.reportStall(of: [dispatched.callbackName], last.duration(to: servedAt))
    }

    /// Runs the callback of one event.
    func dispatch(_ event: BlockingEvent) throws(AMQPError) {
        dispatched = event
        servedAt = loop.now
        defer {
            lookForStall()
            dispatched = nil
        }
        switch event.kind {
        case .delivery(let consumer, let delivery):
            guard let channel = event.channel else { return }
            try consumer.handle(delivery, on: channel)
        case .cancelled(let consumer):
            try event.channel?.dispatchCancel(consumer)
        case .posted(let callback):
            try named("addCallbackThreadsafe") { try callback(self) }
        case .callback(let name, let callback):
            try named(name, callback)
        }
    }

    /// Runs one of the program's callbacks; its error tells which one it was.
    func named(_ name: String, _ callback: () throws -> Void) throws(AMQPError) {
        do {
            try callback()
        } catch let error as AMQPError {
            throw error
        } catch {
            throw AMQPError(
                .handlerFailed, blame: .application, "the \(name) callback threw an error", underlying: error)
        }
    }
}
