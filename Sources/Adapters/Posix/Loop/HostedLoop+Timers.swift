public import AMQPConnection

extension HostedLoop {
    /// Runs `callback` once, `delay` from now or later, never earlier and never inside this call.
    ///
    /// Timers with equal deadlines run in the order in which they were made. A delay of zero or less means the next
    /// turn. A closed loop runs no timers any more.
    @discardableResult
    public func callLater(_ delay: Duration, _ callback: @escaping () -> Void) -> TimerHandle {
        assertCurrent()
        guard !isClosed else { return LoopTimer(deadline: .distantFuture, sequence: 0, callback: {}) }
        let timer = timers.add(now.advanced(by: max(.zero, delay)), callback)
        if !isInTurn { updateDeadline() }
        return timer
    }
}
