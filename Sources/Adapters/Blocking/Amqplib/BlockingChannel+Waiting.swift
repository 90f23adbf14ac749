public import AMQPConnection
import AMQPPosix

extension BlockingChannel {
    /// The handlers of the consumers that have not been cancelled, by tag: a program waits as long as there are any.
    ///
    ///     while !channel.callbacks.isEmpty { try channel.wait() }
    public var callbacks: [String: (BlockingChannel, Delivery) throws -> Void] {
        consumers.mapValues { $0.onMessage }
    }

    /// Waits for one thing that the broker sends on this channel by itself, and runs its callback.
    ///
    /// What else comes, on this channel and others, is kept in order. Answers to requests are not meant: the calls that
    /// made them take them. Timers, and what other threads have posted, run while it waits.
    ///
    /// - Parameters:
    ///   - methods: what to wait for: `basic.deliver`, `basic.cancel`, `basic.return` and `channel.flow` (these two if
    ///     there are callbacks for them). Default: any of them.
    ///   - timeout: how long to wait at most; `nil` for ever.
    /// - Returns: the method that came.
    /// - Throws: ``AMQPError``: ``AMQPError/Code/deadlineExceeded``, ``AMQPError/Code/reentrantCall`` inside a callback,
    ///   what a callback threw, or what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func wait(for methods: Set<MethodID>? = nil, timeout: Duration? = nil) throws(AMQPError) -> MethodID {
        if connection.isDispatching { throw connection.reentrancy("wait(for:timeout:)") }
        try requireOpen()
        try connection.enter()
        defer { connection.forgetIfOver() }
        let isMeant = { [unowned self] (event: BlockingEvent) in
            event.isOfLoop
                || event.channel === self && event.method.map { methods?.contains($0) ?? true } ?? false
        }
        let deadline = timeout.map { connection.loop.now.advanced(by: $0) }
        // What is there comes first, and nothing is added to it, but the stream is served all the same.
        if connection.lastStep.advanced(by: .milliseconds(100)) < connection.loop.now { connection.step(.zero) }
        while true {
            guard let event = connection.events.takeFirst(where: isMeant) ?? seek(isMeant, until: deadline) else {
                break
            }
            try connection.dispatch(event)
            if let method = event.method { return method }
            // Timers that make each other anew do not outlast the limit.
            if let deadline, deadline <= connection.loop.now { break }
        }
        try throwEnding()
        try requireOpen()
        throw AMQPError(.deadlineExceeded, blame: .deadline, "nothing that was waited for came in time")
    }

    /// Runs the loop until an event has come, behind whatever others.
    private func seek(_ isMeant: (BlockingEvent) -> Bool, until deadline: LoopInstant?) -> BlockingEvent? {
        connection.counting(.nothing) {
            connection.step(.zero)
            var event = connection.events.takeFirst(where: isMeant)
            var seen = connection.events.end
            connection.run(until: deadline) {
                if event == nil { event = connection.events.takeFirst(since: seen, where: isMeant) }
                seen = connection.events.end
                return event == nil && ending == nil
            }
            return event
        }
    }
}
