public import AMQPConnection
public import AMQPPosix

/// An event loop over libev: on a loop of its own, or on one that the program runs already.
///
/// On the program's loop, connections are served whenever the program runs it, next to its own watchers:
///
/// ```swift
/// let host = ev_default_loop(0)
/// let loop = try LibevLoop(on: host)
/// let connection = Connection(ConnectionParameters(), on: loop) { connection in … }
/// ev_run(host, 0)
/// ```
///
/// One iteration of libev's gives one turn, with all that was ready in it, after the callbacks of the program's own
/// watchers (the turn has libev's lowest priority). Timers are as exact as libev's: up to a millisecond late on epoll.
///
/// A borrowed loop stays its owner's:
/// - It is never broken, suspended or destroyed from here. ``HostedLoop/close()``, or dropping the last reference, ends
///   all that was started on it.
/// - Until then `ev_run(host, 0)` does not return by itself, because a callback from another thread may still come. A
///   program that wants it to balances `ev_unref(host)` with `ev_ref(host)` before the close, as usual with libev.
/// - If it is destroyed first, this loop closes itself.
/// - ``HostedLoop/start()`` and ``HostedLoop/step(timeLimit:)`` work on it too: they run the host's loop, with all of its
///   watchers, one iteration at a time. `stop()` ends that `start()` and no `ev_run` of the program's; `ev_break` in
///   turn does not end `start()`.
///
/// All is used on the thread that runs the libev loop. A program that sets it up on one thread and runs it on another
/// calls ``HostedLoop/adopt()`` there first.
public final class LibevLoop: HostedLoop {
    private let libev: LibevBackend

    /// The libev loop, for watchers of the program's own; `nil` after the close.
    ///
    /// A loop that was made here is run by `start()` and `step(timeLimit:)` only, and its watchers are stopped before it
    /// is closed.
    public var eventLoop: OpaquePointer? { libev.loop }

    /// Makes a loop of its own, with the back end that libev or the environment's `LIBEV_FLAGS` chooses.
    ///
    /// - Throws: an error of code `systemCallFailed` if the system has no descriptors left, or libev no back end.
    public init() throws(AMQPError) {
        libev = try LibevBackend(borrowing: nil)
        super.init(backend: libev)
    }

    /// Puts connections on a loop of the program's, which has to live until this one is closed or destroyed with it.
    ///
    /// - Parameter loop: a `struct ev_loop *`, from `ev_default_loop` or `ev_loop_new`.
    /// - Throws: an error of code `systemCallFailed` if the system has no descriptors left: libev needs up to two for
    ///   waking its loop.
    public init(on loop: OpaquePointer) throws(AMQPError) {
        libev = try LibevBackend(borrowing: loop)
        super.init(backend: libev)
    }
}
