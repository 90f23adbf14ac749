/// Decides what a connection tries until it is open: which hosts, in which order, with which delays, and when to give up.
///
/// ``RetryingWorkflow`` is the one that connections have if they are not given another. A connection uses its workflow on
/// its loop's thread, in turns of its own and never inside a call of the user's; the workflow may close the connection.
public protocol ConnectionWorkflow {
    /// How long everything may take, delays and all attempts included; `nil` is no limit. Read once, before the first
    /// attempt.
    var timeout: Duration? { get }

    /// Checks the workflow before the first attempt.
    ///
    /// - Throws: what the connection ends with; nothing is tried then.
    func validate() throws(AMQPError)

    /// What to try next.
    ///
    /// It is asked before the first attempt, and after each that failed. Parameters that are not valid end the
    /// connection.
    ///
    /// - Parameter failures: everything that went wrong so far, oldest first; the last one has just happened.
    /// - Returns: the next attempt, or `nil` to give up: the connection ends with the last failure's cause.
    mutating func nextAttempt(after failures: [ConnectionFailure]) -> ConnectionAttempt?
}

extension ConnectionWorkflow {
    /// No limit.
    public var timeout: Duration? { nil }

    /// Everything is valid.
    public func validate() throws(AMQPError) {}
}
