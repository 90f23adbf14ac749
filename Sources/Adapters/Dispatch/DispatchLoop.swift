public import AMQPPosix
public import Dispatch

/// An event loop on a serial dispatch queue of the program's, the main queue included.
///
/// The queue runs the loop: all callbacks are blocks on the queue, between the program's own. The loop and everything
/// on it belong to the queue, so both are made there:
///
/// ```swift
/// DispatchLoop.on(queue) { loop in
///     Connection(on: loop) { connection in … }
/// }
/// ```
///
/// A program that does nothing else waits with ``run(on:_:)``. Code that runs on the queue anyway, such as main-actor
/// code for the main queue, makes a loop with ``init(on:)`` and calls everything directly. Other threads and queues have
/// the ``HostedLoop/mailbox``.
///
/// - The queue must be serial. Several loops may share one.
/// - A descriptor that is watched takes a second one, since a dispatch source needs its own until it has been cancelled.
/// - What is not a socket, a pipe, a terminal or a file, such as a folder or `/dev/null`, never becomes ready.
public final class DispatchLoop: HostedLoop {
    private let backend: DispatchBackend
    private var closesWhenStopped = false

    /// Makes a loop of the queue that this is called on.
    ///
    /// It lives as long as somebody holds it; a connection that is not closed does. Called elsewhere, it traps in debug
    /// builds: what is set up on another thread would race with the queue. The main thread counts as the main queue.
    ///
    /// - Parameter queue: the serial queue that this code runs on.
    public convenience init(on queue: DispatchQueue) {
        self.init(on: queue, StopGate())
    }

    private init(on queue: DispatchQueue, _ gate: StopGate) {
        backend = DispatchBackend(on: queue, gate)
        super.init(backend: backend)
        assert(
            mailbox.isCurrent,
            "a loop of the queue \"\(queue.label)\" was made on thread \(System.currentThread), outside it; use on(_:_:)"
        )
    }

    /// Makes a loop on a queue, which holds it and what `body` returns until the loop is closed.
    ///
    /// - Parameters:
    ///   - queue: a serial queue, or the main queue.
    ///   - body: called once, on the queue, never inside this call.
    public static func on<Value>(_ queue: DispatchQueue, _ body: @escaping @Sendable (DispatchLoop) -> Value) {
        queue.async {
            let loop = DispatchLoop(on: queue)
            loop.hold(body(loop))
        }
    }

    /// Makes a loop on a queue, waits on the calling thread until the loop's ``stop()`` is called, and closes the loop.
    ///
    /// This is for programs that have nothing to do outside the loop. Only `dispatchMain()` runs the main queue on the
    /// main thread, so there this prints that the call cannot work, and returns.
    ///
    /// - Parameters:
    ///   - queue: a serial queue other than the one that this is called on. Default: one of the loop's own.
    ///   - body: called once, on the queue. What it returns is held until the loop is closed.
    @available(*, noasync, message: "run() blocks its thread until stop() is called")
    public static func run<Value>(
        on queue: DispatchQueue = DispatchQueue(label: "ochotona.loop"),
        _ body: @escaping @Sendable (DispatchLoop) -> Value
    ) {
        guard !isCurrent(queue) else {
            return System.report(
                "DispatchLoop.run() was called on its own queue \"\(queue.label)\", which it would block for ever")
        }
        let gate = StopGate()
        queue.async {
            let loop = DispatchLoop(on: queue, gate)
            loop.closesWhenStopped = true
            loop.hold(body(loop))
        }
        gate.pass()
    }

    /// Waits on the calling thread, outside the queue, until ``stop()`` is called.
    ///
    /// The queue runs the loop also while nobody waits. On the queue itself this reports to ``HostedLoop/onMisuse`` and
    /// returns at once; the main queue is run by `dispatchMain()`.
    @available(*, noasync, message: "start() blocks its thread until stop() is called")
    public override func start() {
        guard !mailbox.isClosed else {
            return onMisuse(
                AMQPError(.loopClosed, blame: .application, "start() was called on a loop that is closed"))
        }
        guard !mailbox.isCurrent else {
            return onMisuse(
                AMQPError(
                    .loopWrongState, blame: .application,
                    "start() was called on the loop's own queue \"\(backend.queue.label)\", which runs the loop by itself"
                ))
        }
        backend.gate.pass()
    }

    /// Makes ``start()`` return after the current turn, or the next one at once; closes a loop of ``run(on:_:)``.
    ///
    /// The queue goes on, and runs the loop unless it was closed.
    public override func stop() {
        if closesWhenStopped { return close() }
        callLater(.zero) { [gate = backend.gate] in gate.open() }
    }

    private func hold<Value>(_ value: Value) {
        guard !isClosed else { return }
        backend.held = (self, value)
    }

    /// Whether this is called on a queue.
    private static func isCurrent(_ queue: DispatchQueue) -> Bool {
        let key = DispatchSpecificKey<Bool>()
        queue.setSpecific(key: key, value: true)
        defer { queue.setSpecific(key: key, value: nil) }
        return DispatchQueue.getSpecific(key: key) == true
    }
}
