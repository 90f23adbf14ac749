public import AMQPConnection

/// What it takes to put a readiness loop under this library: three duties, and a fourth if the library may run the loop.
///
/// A ``HostedLoop`` turns a backend into a full `IOLoop`: timers, mailbox, order, fairness, name resolution, sockets. The
/// backend only watches descriptors, wakes the host at one deadline, and lets other threads wake it. Everything here is
/// called on the loop's thread, but the closure that ``makeWaker()`` returns.
///
/// From its own callbacks a backend calls the host:
/// - descriptors became ready: ``HostedLoop/turn(_:)``, and inside it ``HostedLoop/ready(_:_:)`` for each of them (all
///   of one poll in one turn if the loop tells them together, otherwise a turn for each);
/// - the deadline came, or the waker woke the loop: ``HostedLoop/wakeUp()``.
///
/// It must not keep the host alive (hold it `weak` or `unowned`), and it never stops, breaks or closes a loop that it
/// did not create.
public protocol LoopBackend: AnyObject {
    /// Whether the calling thread is the loop's; `nil` (the default) means the thread that ran the last turn, or made
    /// the loop. Loops whose threads change, such as serial queues, answer for themselves.
    var currentCheck: (@Sendable () -> Bool)? { get }

    /// The loop's monotonic clock; `nil` (the default) means the system's. Loops with a clock of their own, such as the
    /// virtual one of a test, answer for themselves; deadlines are instants of this clock.
    var clock: (() -> LoopInstant)? { get }

    /// Gives the host, once, before anything else is asked for (but ``currentCheck``, ``clock`` and ``makeWaker()``).
    func attach(to host: HostedLoop)

    /// Duty 1: reports from now on that `descriptor` is ready for `interest`, again and again while it is (level
    /// triggered).
    ///
    /// It replaces what was watched before, and may be repeated; no interest ends it, which never fails. The number
    /// may have been closed and given to another file since the last call: then that file is to be watched.
    ///
    /// - Throws: an error of code `descriptorNotWatchable` if the loop cannot watch the descriptor.
    func watch(_ descriptor: Int32, for interest: Readiness) throws(AMQPError)

    /// Duty 2: wakes the host once at `instant`, never earlier, or at once if it has passed.
    ///
    /// It replaces the deadline before, and stands until it is replaced or ``HostedLoop/wakeUp()`` is called; `nil` means
    /// none.
    func setDeadline(_ instant: LoopInstant?)

    /// Duty 3: a closure that wakes the loop from any thread; asked for once.
    ///
    /// It may be called after ``close()`` and then does nothing.
    func makeWaker() -> @Sendable () -> Void

    /// Duty 4, for loops that this library may run: waits until something happens, the deadline or `limit` comes, and
    /// tells the host.
    ///
    /// - Parameter limit: when to return at the latest; an instant that has passed means not to wait.
    /// - Returns: `false` if the loop cannot be run from here, which is the default.
    func runOnce(until limit: LoopInstant?) -> Bool

    /// Ends all watches and releases what the backend made; called once, last.
    func close()
}

extension LoopBackend {
    public var currentCheck: (@Sendable () -> Bool)? { nil }

    public var clock: (() -> LoopInstant)? { nil }

    public func runOnce(until limit: LoopInstant?) -> Bool { false }
}
