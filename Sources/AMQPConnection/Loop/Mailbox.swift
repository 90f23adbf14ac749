/// The one part of a loop that any thread may use: it takes callbacks to be run on the loop's thread.
///
/// Callbacks of one posting thread run in the order in which they were posted. A loop that sleeps is woken, without
/// polling; callbacks posted before the loop starts run in its first turn.
public final class Mailbox: Sendable {
    private struct State {
        var callbacks: [@Sendable () -> Void] = []
        var farewells: [ObjectIdentifier: @Sendable () -> Void] = [:]
        var isClosed = false
        var isWakeRequested = false
    }

    private let state = Guarded(State())
    private let wake: @Sendable () -> Void
    private let currentCheck: @Sendable () -> Bool
    private let threads: @Sendable () -> String
    /// Runs what comes too late.
    package let afterlife = Afterlife()

    /// Makes the mailbox of a loop.
    ///
    /// - Parameters:
    ///   - wake: called on the posting thread when the loop has to look into an empty mailbox again. It is called once
    ///     until the next ``drain()``, and never while a lock is held that the loop could wait for.
    ///   - isCurrent: whether the calling thread is the one that runs the loop.
    ///   - threads: names the loop's thread and the calling one, for the message of ``assertCurrent(_:file:line:)``.
    public init(
        wake: @escaping @Sendable () -> Void, isCurrent: @escaping @Sendable () -> Bool,
        threads: @escaping @Sendable () -> String = { "the calling thread is not the loop's" }
    ) {
        self.wake = wake
        self.currentCheck = isCurrent
        self.threads = threads
    }

    /// Whether the calling thread is the loop's: only then may the loop's connections and channels be used.
    public var isCurrent: Bool { currentCheck() }

    /// Stops a debug build, naming both threads, if the calling thread is not the loop's; does nothing in release.
    ///
    /// The compiler keeps connections and channels on one thread as long as nobody silences it; this finds the rest.
    public func assertCurrent(_ call: StaticString = #function, file: StaticString = #fileID, line: UInt = #line) {
        assert(
            isCurrent, "\(call) belongs to the loop's thread: \(threads()); use LoopBound or the mailbox", file: file,
            line: line)
    }

    /// Whether ``close()`` was called.
    public var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Runs `callback` on the loop's thread, in a turn of its own: never inside this call.
    ///
    /// Any thread may call it, at any time: before the loop starts, from the loop's own callbacks, from other threads.
    /// A loop that is closed runs what it has accepted. One that its owner drops without closing it has no thread to do
    /// that on: what waits then is released without having run.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/loopClosed`` if the loop no longer exists; the callback
    ///   does not run then.
    public func addCallbackThreadsafe(_ callback: @escaping @Sendable () -> Void) throws(AMQPError) {
        let (accepted, needsWake) = state.withLock { state -> (Bool, Bool) in
            guard !state.isClosed else { return (false, false) }
            state.callbacks.append(callback)
            defer { state.isWakeRequested = true }
            return (true, !state.isWakeRequested)
        }
        guard accepted else {
            throw AMQPError(.loopClosed, blame: .application, "a callback was posted to a loop that is closed")
        }
        if needsWake { wake() }
    }

    /// Takes what has been posted, in order; the loop runs these, and what they post waits for the next turn.
    public func drain() -> [@Sendable () -> Void] {
        state.withLock { state in
            state.isWakeRequested = false
            guard !state.callbacks.isEmpty else { return [] }
            defer { state.callbacks = [] }
            return state.callbacks
        }
    }

    /// Whether something waits to be drained.
    public var isEmpty: Bool { state.withLock { $0.callbacks.isEmpty } }

    /// Ends the mailbox: later posts throw.
    ///
    /// A loop that is closed calls this first and runs what it gets, on its own thread, before it drops timers and
    /// watches: then nothing that was accepted is lost, and the loop's connections end, in whichever state they are. It lets
    /// go of what it got when it runs no callback of any kind any more: what is left for its thread (jobs of Swift's tasks)
    /// runs elsewhere from then on.
    ///
    /// - Returns: what was posted and has not run, then what the connections have to do, and a last one of the mailbox's
    ///   own.
    public func close() -> [@Sendable () -> Void] {
        state.withLock { state in
            guard !state.isClosed else { return [] }
            state.isClosed = true
            let presence = Afterlife.Presence(afterlife)
            defer {
                state.callbacks = []
                state.farewells = [:]
            }
            return state.callbacks + state.farewells.values + [{ withExtendedLifetime(presence) {} }]
        }
    }

    /// Has `farewell` run when the mailbox is closed, unless ``removeFarewell(of:)`` comes first; does nothing if it is
    /// closed already.
    func addFarewell(of owner: ObjectIdentifier, _ farewell: @escaping @Sendable () -> Void) {
        state.withLock { state in
            if !state.isClosed { state.farewells[owner] = farewell }
        }
    }

    /// Forgets what ``addFarewell(of:_:)`` was given.
    func removeFarewell(of owner: ObjectIdentifier) {
        let farewell = state.withLock { $0.farewells.removeValue(forKey: owner) }
        withExtendedLifetime(farewell) {}
    }
}
