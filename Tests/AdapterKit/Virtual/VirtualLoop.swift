public import AMQPConnection

/// A loop without sockets whose clock jumps to the next deadline when there is nothing to do.
///
/// A session of an hour with all its heartbeats takes a few milliseconds on it and is the same each time. Names and
/// connections are answered by ``onResolve`` and ``onConnect``; streams are ends of a ``MemoryPipe``.
///
/// - Commands: ``run(until:limit:)``, ``advance(by:)``, ``settle()``, ``block(for:)``, ``start()``, ``stop()``, ``close()``.
/// - Answers for what connects: ``onResolve``, ``onConnect``.
/// - The outside world: ``schedule(after:_:)``.
///
/// A turn follows the law of every loop: events of the outside world, mailbox callbacks, due timers, each from a
/// snapshot, then what asked to be called at the turn's end. It belongs to the thread that ran it last; its mailbox takes
/// callbacks from any thread but does not wake a loop that sleeps, since this one never does.
public final class VirtualLoop: IOLoop {
    /// Answers each resolution; the default is one IPv4 address, 127.0.0.1, at once.
    public var onResolve: (_ host: String, _ port: UInt16) -> ResolveAnswer = { _, port in
        .addresses([.ipv4(0x7F00_0001, port: port)])
    }

    /// Answers each connection attempt; the default refuses at once.
    public var onConnect: (_ address: SocketAddress, _ options: SocketOptions) -> ConnectAnswer = { address, _ in
        .refused(address)
    }

    public let mailbox: Mailbox
    public private(set) var now = LoopInstant(nanoseconds: 1_000_000_000)

    /// The number of turns that ran.
    public private(set) var turnCount = 0

    /// The number of turns after which a run gives up if the clock does not move, so that a callback that asks for
    /// itself for ever ends as a failure and not as a hang.
    public var turnLimitPerInstant = 1_000_000

    private let owner: VirtualOwner
    private var events = VirtualSchedule()
    private var timers = VirtualSchedule()
    private var observers: [any TurnObserver] = []
    private var sequence: UInt64 = 0
    private var isRunning = false
    private var isStopRequested = false

    /// Makes a loop whose clock stands at one second.
    public init() {
        let owner = VirtualOwner()
        self.owner = owner
        mailbox = Mailbox(wake: {}, isCurrent: { owner.isCurrent })
    }

    // MARK: - Running

    /// Runs until ``stop()``, or until nothing can happen any more, which on a real loop would be an endless sleep.
    public func start() {
        run(until: { self.isStopRequested }, limit: .seconds(1_000_000_000))
        isStopRequested = false
    }

    /// Makes ``start()`` return after the current turn; before `start()` it makes the next one return at once.
    public func stop() {
        isStopRequested = true
    }

    /// Runs turns, letting the clock jump, until `condition` holds; it is asked before each turn.
    ///
    /// - Parameters:
    ///   - condition: what is waited for.
    ///   - limit: how far the clock may go.
    /// - Returns: whether the condition holds; `false` if the limit was reached or nothing can happen any more. Inside a
    ///   callback of the loop nothing is run.
    @discardableResult
    public func run(until condition: () -> Bool, limit: Duration = .seconds(3600)) -> Bool {
        let end = now.advanced(by: limit)
        var turnsLeft = turnLimitPerInstant
        while !condition() {
            guard !isRunning, turnsLeft > 0, let next = nextInstant(), next <= end else { return false }
            if next > now {
                now = next
                turnsLeft = turnLimitPerInstant
            }
            turnsLeft -= 1
            turn()
        }
        return true
    }

    /// Lets the clock go on by `duration`, running all that becomes due on the way at its own instant.
    public func advance(by duration: Duration) {
        let end = now.advanced(by: duration)
        run(until: { false }, limit: duration)
        if !isRunning, now < end { now = end }
    }

    /// Lets the clock go on while nothing runs: what a callback does that blocks its loop.
    public func block(for duration: Duration) {
        now = now.advanced(by: duration)
    }

    /// Runs turns until nothing more is due, without moving the clock.
    public func settle() {
        run(until: { false }, limit: .zero)
    }

    /// Ends the loop: what the mailbox has accepted runs, later posts throw, connections end, timers and events are
    /// dropped.
    public func close() {
        for callback in mailbox.close() { callback() }
        tellObservers()
        events.removeAll()
        timers.removeAll()
        observers.removeAll()
        isStopRequested = true
    }

    // MARK: - Callbacks

    @discardableResult
    public func callLater(_ delay: Duration, _ callback: @escaping () -> Void) -> TimerHandle {
        let timer = makeTimer(after: delay, callback)
        timers.insert(timer)
        return timer
    }

    /// Runs `event` among the I/O events of the turn at `delay` from now; this is how tests play the outside world.
    @discardableResult
    public func schedule(after delay: Duration = .zero, _ event: @escaping () -> Void) -> any Cancellable {
        let timer = makeTimer(after: delay, event)
        events.insert(timer)
        return timer
    }

    public func callAtEndOfTurn(_ observer: any TurnObserver) {
        observers.append(observer)
    }

    // MARK: - Connecting

    public func resolve(
        _ host: String, port: UInt16, _ completion: @escaping (Result<[SocketAddress], AMQPError>) -> Void
    ) -> any Cancellable {
        switch onResolve(host, port) {
        case .addresses(let addresses, let delay): schedule(after: delay) { completion(.success(addresses)) }
        case .failure(let error, let delay): schedule(after: delay) { completion(.failure(error)) }
        case .never: makeTimer(after: .zero) {}
        }
    }

    public func connect(
        to address: SocketAddress, options: SocketOptions,
        _ completion: @escaping (Result<any StreamTransport, AMQPError>) -> Void
    ) -> any Cancellable {
        switch onConnect(address, options) {
        case .stream(let stream, let delay): schedule(after: delay) { completion(.success(stream)) }
        case .failure(let error, let delay): schedule(after: delay) { completion(.failure(error)) }
        case .never: makeTimer(after: .zero) {}
        }
    }

    // MARK: - Turns

    private func makeTimer(after delay: Duration, _ callback: @escaping () -> Void) -> VirtualTimer {
        sequence &+= 1
        return VirtualTimer(
            deadline: now.advanced(by: max(delay, .zero)), sequence: sequence, callback: callback)
    }

    /// When the next turn has something to do: now, a later instant, or never.
    private func nextInstant() -> LoopInstant? {
        guard mailbox.isEmpty, observers.isEmpty else { return now }
        let deadlines = [events.earliest(), timers.earliest()].compactMap { $0 }
        return deadlines.min().map { max($0, now) }
    }

    private func turn() {
        owner.adopt()
        isRunning = true
        defer { isRunning = false }
        turnCount += 1
        for event in events.takeDue(at: now) { event.fire() }
        for callback in mailbox.drain() { callback() }
        for timer in timers.takeDue(at: now) { timer.fire() }
        tellObservers()
    }

    private func tellObservers() {
        while !observers.isEmpty {
            let batch = observers
            observers.removeAll()
            for observer in batch { observer.turnEnded() }
        }
    }
}

@available(*, unavailable)
extension VirtualLoop: Sendable {}
