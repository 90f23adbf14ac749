#if NIO
public import AMQPConnection
import AMQPPosix
public import NIOCore

/// The loop of connections on a SwiftNIO event loop of the program's.
///
/// Its turns are tasks of the event loop, its timers are scheduled there, and its streams are SwiftNIO channels. It has no
/// descriptors of its own and never stops, blocks or shuts down the event loop. It and everything on it belong to the
/// event loop, so it is made there:
///
/// ```swift
/// eventLoop.execute {
///     _ = Connection(parameters, on: NIOLoop(on: eventLoop)) { connection in … }
/// }
/// ```
///
/// Several loops may share an event loop. When the event loop is shut down, the loop is closed. The event loops of
/// SwiftNIO's own tests (`EmbeddedEventLoop`, `NIOAsyncTestingEventLoop`) run it by their own clock, but open no sockets:
/// put an ``AMQPConnectionHandler`` into their channels.
///
/// Programs that want futures instead of callbacks use ``FutureConnection``.
public final class NIOLoop: IOLoop {
    /// The event loop that runs this one.
    public let eventLoop: any EventLoop
    let host: HostedLoop
    private let gate: StopGate

    /// Makes a loop of the event loop that this is called on.
    ///
    /// It lives as long as somebody holds it; a connection that is not closed does.
    public init(on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        gate = StopGate()
        host = HostedLoop(backend: NIOBackend(on: eventLoop, gate))
    }

    /// The loop's thread-safe entrance; it outlives the loop and then refuses callbacks.
    public var mailbox: Mailbox { host.mailbox }

    /// The event loop's clock.
    public var now: LoopInstant { host.now }

    /// Called after a turn whose callbacks together took longer than ``stallThreshold``, with how long they took; timers
    /// and heartbeats were late by as much. Default: `nil`, nobody is told.
    public var onStall: ((Duration) -> Void)? {
        get { host.onStall }
        set { host.onStall = newValue }
    }

    /// How long the callbacks of one turn may take before ``onStall`` is called. Default: one second.
    public var stallThreshold: Duration {
        get { host.stallThreshold }
        set { host.stallThreshold = newValue }
    }

    /// Called when the loop is used in a way that cannot work; the call that was wrong does nothing. Default: a line on
    /// standard error.
    public var onMisuse: (AMQPError) -> Void {
        get { host.onMisuse }
        set { host.onMisuse = newValue }
    }

    /// Whether ``close()`` was called, or the event loop was shut down.
    public var isClosed: Bool { host.isClosed }

    /// Waits on the calling thread, outside the event loop, until ``stop()`` is called.
    ///
    /// The event loop runs the loop also while nobody waits. On the event loop itself this reports to ``onMisuse`` and
    /// returns at once.
    @available(*, noasync, message: "start() blocks its thread until stop() is called")
    public func start() {
        guard !mailbox.isClosed else {
            return onMisuse(
                AMQPError(.loopClosed, blame: .application, "start() was called on a loop that is closed"))
        }
        guard !mailbox.isCurrent else {
            return onMisuse(
                AMQPError(
                    .loopWrongState, blame: .application,
                    "start() was called on the loop's own event loop, which runs the loop by itself"))
        }
        gate.pass()
    }

    /// Makes ``start()`` return after the current turn, or the next one at once. The event loop goes on.
    public func stop() {
        host.callLater(.zero) { [gate] in gate.open() }
    }

    /// Ends the loop for good, not the event loop: connections on it end with ``AMQPError/Code/loopClosed``, callbacks
    /// that were posted run, later ones are refused, timers are dropped. Closing twice does nothing.
    public func close() {
        host.close()
    }

    @discardableResult
    public func callLater(_ delay: Duration, _ callback: @escaping () -> Void) -> TimerHandle {
        host.callLater(delay, callback)
    }

    public func callAtEndOfTurn(_ observer: any TurnObserver) {
        host.callAtEndOfTurn(observer)
    }

    /// Resolves a host name to addresses, without blocking the event loop.
    ///
    /// The system's resolver works on a thread of its own, at most eight in a process; an address in text needs none.
    public func resolve(
        _ host: String, port: UInt16,
        _ completion: @escaping (Result<[AMQPConnection.SocketAddress], AMQPError>) -> Void
    ) -> any Cancellable {
        self.host.resolve(host, port: port, completion)
    }

    /// Opens a channel to one address, with `TCP_NODELAY`; there is no deadline but the system's own.
    ///
    /// - Parameter completion: called exactly once, never inside this call, with a stream that has not been started yet,
    ///   or an error of code ``AMQPError/Code/connectFailed``; not called after the returned object was cancelled. An
    ///   event loop that opens no sockets, such as that of an `EmbeddedChannel`, gives ``AMQPError/Code/connectFailed``.
    public func connect(
        to address: AMQPConnection.SocketAddress, options: SocketOptions,
        _ completion: @escaping (Result<any StreamTransport, AMQPError>) -> Void
    ) -> any Cancellable {
        mailbox.assertCurrent()
        let connector = NIOConnector(self, address, completion)
        if !isClosed { connector.begin(options) }
        return connector
    }

    /// Puts TLS around a stream, as the loops of AMQPPosix do: by OpenSSL, with the same rules and errors.
    ///
    /// It needs the package's trait `TLS`; without it, this fails with ``AMQPError/Code/tlsUnavailable``.
    public func secure(
        _ stream: any StreamTransport, host: String, _ configuration: TLSConfiguration,
        _ completion: @escaping (Result<any StreamTransport, AMQPError>) -> Void
    ) -> any Cancellable {
        self.host.secure(stream, host: host, configuration, completion)
    }
}

@available(*, unavailable)
extension NIOLoop: Sendable {}
#endif
