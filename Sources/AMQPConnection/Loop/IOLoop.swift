/// What connections, channels and their users see of an event loop.
///
/// A loop belongs to one thread (or one serial queue): everything here but ``mailbox`` is used from there only, and all
/// callbacks run there. In one turn a loop delivers I/O events, then mailbox callbacks, then due timers, each from a
/// snapshot: what is added during a phase waits for the next turn.
///
/// Readiness loops get all of this from `HostedLoop` by providing a `LoopBackend`; a loop with streams of its own kind
/// conforms directly and hands out ``StreamTransport``s.
public protocol IOLoop: AnyObject {
    /// The loop's thread-safe entrance; it outlives the loop and then refuses callbacks.
    var mailbox: Mailbox { get }

    /// The loop's monotonic clock.
    var now: LoopInstant { get }

    /// Runs the loop on the calling thread until ``stop()``; it may be started again after that.
    ///
    /// A `stop()` that came before makes it return after one turn at most. A loop that runs anyway (its owner runs it)
    /// documents what `start()` means there.
    @available(*, noasync, message: "start() blocks its thread until stop() is called")
    func start()

    /// Makes ``start()`` return after the current turn; before `start()` it makes the next one return at once.
    func stop()

    /// Runs `callback` once, `delay` from now or later, never earlier and never inside this call.
    ///
    /// Timers with equal deadlines run in the order in which they were made. A delay of zero or less means the next
    /// turn.
    @discardableResult
    func callLater(_ delay: Duration, _ callback: @escaping () -> Void) -> TimerHandle

    /// Calls `observer` once at the end of the current turn; if no turn is running, asks for one.
    ///
    /// Connections write what was produced during a turn in this call. What is registered while the end of a turn is
    /// being processed is still called in the same turn.
    func callAtEndOfTurn(_ observer: any TurnObserver)

    /// Resolves a host name to addresses, without blocking the loop.
    ///
    /// - Parameters:
    ///   - host: a name, or an IPv4 or IPv6 address in text.
    ///   - port: the port of the addresses.
    ///   - completion: called exactly once on the loop's thread, never inside this call, with at least one address or
    ///     an error of code ``AMQPError/Code/resolutionFailed``; not called after the returned object was cancelled.
    func resolve(
        _ host: String, port: UInt16, _ completion: @escaping (Result<[SocketAddress], AMQPError>) -> Void
    ) -> any Cancellable

    /// Opens a stream to one address.
    ///
    /// - Parameter completion: called exactly once on the loop's thread, never inside this call, with a stream that has
    ///   not been started yet, or an error of code ``AMQPError/Code/connectFailed``; not called after the returned
    ///   object was cancelled.
    func connect(
        to address: SocketAddress, options: SocketOptions,
        _ completion: @escaping (Result<any StreamTransport, AMQPError>) -> Void
    ) -> any Cancellable

    /// Puts TLS around a stream that has not been started, as its client, and shakes hands.
    ///
    /// The stream is the loop's from then on: it ends when this fails or is cancelled. There is no deadline; a timer that
    /// cancels is one. A loop that does not have this fails with ``AMQPError/Code/tlsUnavailable``.
    ///
    /// - Parameters:
    ///   - stream: a connected stream.
    ///   - host: the name or address that the peer's certificate must be for, if the configuration has no other.
    ///   - configuration: what is trusted and shown.
    ///   - completion: called exactly once on the loop's thread, never inside this call, with the secured stream, which
    ///     has not been started yet, or an error of code ``AMQPError/Code/tlsConfigurationInvalid``,
    ///     ``AMQPError/Code/peerCertificateRefused``, ``AMQPError/Code/tlsFailed`` or ``AMQPError/Code/streamLost``; not
    ///     called after the returned object was cancelled.
    func secure(
        _ stream: any StreamTransport, host: String, _ configuration: TLSConfiguration,
        _ completion: @escaping (Result<any StreamTransport, AMQPError>) -> Void
    ) -> any Cancellable
}

extension IOLoop {
    /// Ends the stream and fails with ``AMQPError/Code/tlsUnavailable``: this loop does not secure streams.
    public func secure(
        _ stream: any StreamTransport, host: String, _ configuration: TLSConfiguration,
        _ completion: @escaping (Result<any StreamTransport, AMQPError>) -> Void
    ) -> any Cancellable {
        stream.abort()
        return callLater(.zero) {
            completion(
                .failure(
                    AMQPError(
                        .tlsUnavailable, blame: .application,
                        "this loop cannot secure streams; those of AMQPPosix need the package's trait TLS")))
        }
    }

    /// Runs `callback` on the loop's thread; the same as ``Mailbox/addCallbackThreadsafe(_:)`` of the ``mailbox``,
    /// which is the object to hand to other threads.
    public func addCallbackThreadsafe(_ callback: @escaping @Sendable () -> Void) throws(AMQPError) {
        try mailbox.addCallbackThreadsafe(callback)
    }
}

/// Something that wants to be called when a turn of its loop ends.
public protocol TurnObserver: AnyObject {
    /// The turn's callbacks have run; called once for each time that it was registered.
    func turnEnded()
}
