public import AMQPConnection

extension HostedLoop {
    /// How long a backend that waits by itself may wait: until the earlier of the deadline and the limit; for backends.
    ///
    /// - Parameters:
    ///   - deadline: what the host gave to ``LoopBackend/setDeadline(_:)`` last.
    ///   - limit: what ``LoopBackend/runOnce(until:)`` was given.
    ///   - canBeWoken: whether other threads can end the wait. If not (no descriptor was left for it), the wait is cut
    ///     into pieces of 10 milliseconds.
    /// - Returns: the time, zero if nothing is to be waited for; `nil` for ever.
    public func timeout(_ deadline: LoopInstant?, _ limit: LoopInstant?, canBeWoken: Bool = true) -> Duration? {
        var earliest = deadline ?? .distantFuture
        if let limit { earliest = min(earliest, limit) }
        guard earliest != .distantFuture || !canBeWoken else { return nil }
        guard earliest.nanoseconds > 0 else { return .zero }
        let wait = max(.zero, now.duration(to: earliest))
        return canBeWoken ? wait : min(wait, .milliseconds(10))
    }
}
