internal import AMQPConnection

/// The least loop that a connection runs on: turns end when the benchmark says so, and the clock stands still.
final class BenchLoop: IOLoop {
    /// A timer that can be cancelled.
    private final class Timer: Cancellable {
        var callback: (() -> Void)?
        init(_ callback: @escaping () -> Void) { self.callback = callback }
        func cancel() { callback = nil }
    }

    let mailbox = Mailbox(wake: {}, isCurrent: { true })
    let now = LoopInstant(nanoseconds: 1)
    private let transport: BenchTransport
    private var observers: [any TurnObserver] = []
    private var soon: [Timer] = []

    init(_ transport: BenchTransport) {
        self.transport = transport
    }

    func start() {}
    func stop() {}

    /// Runs what was posted, and what is due now, then what wants to hear of the turn's end.
    func endTurn() {
        for callback in mailbox.drain() { callback() }
        while !soon.isEmpty {
            let timers = soon
            soon.removeAll()
            for timer in timers { timer.callback?() }
        }
        while let observer = observers.popLast() { observer.turnEnded() }
    }

    /// Runs turns until nothing is posted any more: until the tasks that run here wait for something else.
    func endTurnsWhilePosted() {
        while !mailbox.isEmpty { endTurn() }
    }

    func callLater(_ delay: Duration, _ callback: @escaping () -> Void) -> TimerHandle {
        let timer = Timer(callback)
        if delay <= .zero { soon.append(timer) }
        return timer
    }

    func callAtEndOfTurn(_ observer: any TurnObserver) {
        observers.append(observer)
    }

    func resolve(
        _ host: String, port: UInt16, _ completion: @escaping (Result<[SocketAddress], AMQPError>) -> Void
    ) -> any Cancellable {
        callLater(.zero) { completion(.success([.unix(path: "bench")])) }
    }

    func connect(
        to address: SocketAddress, options: SocketOptions,
        _ completion: @escaping (Result<any StreamTransport, AMQPError>) -> Void
    ) -> any Cancellable {
        callLater(.zero) { [transport] in completion(.success(transport)) }
    }
}
