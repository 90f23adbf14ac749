public import AMQPConnection

/// A full event loop on top of any ``LoopBackend``.
///
/// One turn delivers the ready descriptors, then the mailbox's callbacks, then the due timers, each from a snapshot, and
/// then tells the observers of the turn's end; connections write there. Timers made in a turn wait for the next one.
///
/// The loop belongs to one thread: the one that made it, until another runs it with ``start()`` or ``step(timeLimit:)``
/// or takes it with ``adopt()``. Use from any other thread traps in debug builds; other threads have the ``mailbox``.
///
/// A user makes one of the adapters' loops, such as `SelectLoop`. Adapters for other loops make a `LoopBackend` and
/// either hand it to this class or derive from it.
open class HostedLoop: FileDescriptorLoop {
    /// The loop's thread-safe entrance; it outlives the loop and then refuses callbacks.
    public let mailbox: Mailbox

    /// Called after a turn whose callbacks together took longer than ``stallThreshold``, with how long they took; timers
    /// and heartbeats were late by as much. Default: `nil`, nobody is told.
    public var onStall: ((Duration) -> Void)?

    /// How long the callbacks of one turn may take before ``onStall`` is called. Default: one second.
    public var stallThreshold: Duration = .seconds(1)

    /// Called when the loop is used in a way that cannot work, for example started inside one of its own callbacks; the
    /// call that was wrong does nothing. Default: a line on standard error.
    public var onMisuse: (AMQPError) -> Void = { System.report("\($0)") }

    let backend: any LoopBackend
    /// The backend's clock, if it is not the system's.
    private let clock: (() -> LoopInstant)?
    let owner: LoopOwner
    let timers = TimerQueue()
    var descriptorWatches: [Int32: DescriptorWatch] = [:]
    private var residents: [ObjectIdentifier: any LoopResident] = [:]

    /// The number of the current turn, or of the last one.
    package private(set) var turnNumber: UInt64 = 0
    /// Whether callbacks are being delivered.
    public private(set) var isInTurn = false
    /// Whether ``start()`` is running the loop.
    public private(set) var isRunning = false
    /// Whether ``close()`` was called.
    public private(set) var isClosed = false
    private var isTornDown = false
    private var isStopRequested = false
    private var isTurnRequested = false
    /// The request of this loop for the next Ctrl-C, while it stands.
    var interruptRequest: Int?

    private var observers: [any TurnObserver] = []
    private var endingObservers: [any TurnObserver] = []
    private var dueTimers: [LoopTimer] = []
    /// What the mailbox held when the loop was closed.
    private var lastCallbacks: [@Sendable () -> Void] = []

    /// The deadline that the backend has, and whether it still stands.
    private var armed: LoopInstant?
    private var isArmed = false

    /// Makes a loop that belongs to the calling thread.
    public init(backend: any LoopBackend) {
        self.backend = backend
        self.clock = backend.clock
        let owner = LoopOwner(check: backend.currentCheck)
        let wake = backend.makeWaker()
        self.owner = owner
        self.mailbox = Mailbox(
            // A turn looks into the mailbox when it ends, so its own callbacks need not wake the loop.
            wake: { if !owner.isInOwnTurn { wake() } },
            isCurrent: { owner.isCurrent },
            threads: { "the loop's is \(owner.description), this is \(System.currentThread)" })
        backend.attach(to: self)
    }

    deinit {
        guard !isTornDown else { return }
        forgetInterrupt()
        _ = mailbox.close()
        timers.removeAll()
        backend.close()
    }

    /// The monotonic clock, read anew each time (tens of nanoseconds), so that a delay counted from it is never early.
    public var now: LoopInstant {
        if let clock { return clock() }
        return System.now
    }

    // MARK: Running

    /// Runs the loop on the calling thread, which becomes the loop's, until ``stop()`` or ``close()``.
    ///
    /// It may be started again after that, and serves whatever else runs on a borrowed loop meanwhile. Started inside
    /// one of its own callbacks, while it runs, or after ``close()``, it reports to ``onMisuse`` and returns at once.
    @available(*, noasync, message: "start() blocks its thread until stop() is called")
    open func start() {
        guard mayRun("start()") else { return }
        owner.adopt()
        isRunning = true
        defer {
            isRunning = false
            isStopRequested = false
        }
        while !isStopRequested && !isClosed {
            guard backend.runOnce(until: nil) else {
                misused("start() was called on a loop that only its owner can run")
                return
            }
        }
    }

    /// Makes ``start()`` return after the current turn; before `start()` it makes the next one return at once.
    ///
    /// It is called on the loop's thread; other threads post it to the ``mailbox``.
    open func stop() {
        assertCurrent()
        isStopRequested = true
        if !isInTurn { requestTurn() }
    }

    /// Runs one turn on the calling thread, which becomes the loop's, and waits for at most `timeLimit` for something
    /// to happen. Default: what is ready now, without waiting.
    ///
    /// This is the way to run the loop from a loop of one's own. Misuse is reported as by ``start()``.
    @available(*, noasync, message: "step() blocks its thread until something happens")
    public func step(timeLimit: Duration = .zero) {
        guard mayRun("step(timeLimit:)") else { return }
        owner.adopt()
        if !backend.runOnce(until: now.advanced(by: timeLimit)) {
            misused("step(timeLimit:) was called on a loop that only its owner can run")
        }
    }

    /// Makes the calling thread the loop's; nobody else may be using or running it.
    ///
    /// This is for a program that sets a loop up on one thread and runs it on another, or closes it on a third.
    public func adopt() {
        owner.adopt()
    }

    /// Ends the loop for good: the mailbox refuses callbacks, those that it accepted run, operations under way complete
    /// with the error `loopClosed`, timers and watches are dropped, and the backend releases its descriptors.
    ///
    /// Inside a callback all but the first happens at the end of the turn; timers and watches are not called any more.
    /// Closing twice does nothing.
    public func close() {
        assertCurrent()
        guard !isClosed else { return }
        isClosed = true
        lastCallbacks = mailbox.close()
        if !isInTurn { tearDown() }
    }

    private func mayRun(_ call: String) -> Bool {
        if isClosed {
            onMisuse(AMQPError(.loopClosed, blame: .application, "\(call) was called on a loop that is closed"))
            return false
        }
        guard !isInTurn && !isRunning else {
            misused("\(call) was called while the loop runs; it would never return")
            return false
        }
        return true
    }

    private func misused(_ reason: String) {
        onMisuse(AMQPError(.loopWrongState, blame: .application, reason))
    }

    private func tearDown() {
        guard !isTornDown else { return }
        isTornDown = true
        setInTurn(true)
        for callback in lastCallbacks { callback() }
        let error = AMQPError(.loopClosed, blame: .application, "the loop was closed")
        let residents = self.residents
        self.residents = [:]
        for resident in residents.values { resident.loopClosed(error) }
        notifyObservers()
        timers.removeAll()
        for descriptor in descriptorWatches.keys { try? backend.watch(descriptor, for: []) }
        // The callbacks go when the dictionary is left: their release may run user code that comes back here.
        let watches = descriptorWatches
        descriptorWatches = [:]
        withExtendedLifetime(watches) {}
        forgetInterrupt()
        observers = []
        // Only now: when they are let go, jobs run elsewhere.
        lastCallbacks = []
        setInTurn(false)
        backend.close()
    }

    // MARK: For backends

    /// Runs one turn; a backend calls it from its own callbacks.
    ///
    /// - Parameter deliver: calls ``ready(_:_:)`` for each descriptor that is ready.
    ///
    /// A turn inside a turn (a callback ran the foreign loop itself) does nothing; descriptors that are ready will be
    /// reported again.
    public func turn(_ deliver: () -> Void) {
        guard !isInTurn && !isTornDown else { return }
        if backend.currentCheck == nil { owner.adopt() }
        setInTurn(true)
        turnNumber &+= 1
        isTurnRequested = false
        let firstNewTimer = timers.nextSequence
        let begin = onStall == nil ? nil : now
        deliver()
        for callback in mailbox.drain() { callback() }
        runDueTimers(before: firstNewTimer)
        notifyObservers()
        setInTurn(false)
        if let begin, let onStall {
            let taken = begin.duration(to: now)
            if taken > stallThreshold { onStall(taken) }
        }
        if isClosed { tearDown() } else { updateDeadline() }
    }

    /// Runs a turn because the deadline came or the loop was woken; a backend calls it from its own callbacks.
    ///
    /// The deadline counts as used up: the host sets a new one, or none, before this returns.
    public func wakeUp() {
        isArmed = false
        turn {}
    }

    /// Tells the callbacks of a descriptor that it is ready; a backend calls it inside ``turn(_:)``.
    ///
    /// Readiness that nobody waits for, or that may be meant for a former user of the number, is ignored.
    public func ready(_ descriptor: Int32, _ readiness: Readiness) {
        guard isInTurn, !isClosed, let watch = descriptorWatches[descriptor] else { return }
        if readiness.contains(.readable), let reader = watch.reader, reader.turn != turnNumber { reader.callback() }
        // The reader may have removed the writer, or closed the descriptor: then this watch has no writer any more. Or it
        // has closed the loop.
        guard !isClosed, readiness.contains(.writable), let writer = watch.writer, writer.turn != turnNumber else {
            return
        }
        writer.callback()
    }

    /// Ends the watch of a descriptor that turned out to be closed, and reports that to ``onMisuse``; for backends.
    ///
    /// A descriptor must be removed from its loop before it is closed. If the number was given to another file and that
    /// is watched since this turn, the report is not about it, and does nothing.
    public func lost(_ descriptor: Int32) {
        guard let watch = descriptorWatches[descriptor] else { return }
        // What this turn has set is of another file, to which the number was given meanwhile.
        guard !isInTurn || (watch.reader?.turn != turnNumber && watch.writer?.turn != turnNumber) else { return }
        descriptorWatches[descriptor] = nil
        watch.reader = nil
        watch.writer = nil
        try? backend.watch(descriptor, for: [])
        onMisuse(
            AMQPError(
                .descriptorNotWatchable, blame: .application,
                "descriptor \(descriptor) was closed while the loop watched it; remove it first"))
    }

    // MARK: Turns

    /// Calls `observer` once at the end of the current turn; if no turn is running, asks for one.
    ///
    /// What is registered while the end of a turn is being processed is still called in the same turn, up to 64 times
    /// in a row; what is left then has its turn next. A closed loop has no turns any more.
    public func callAtEndOfTurn(_ observer: any TurnObserver) {
        assertCurrent()
        guard !isTornDown || isInTurn else { return }
        observers.append(observer)
        if !isInTurn { updateDeadline() }
    }

    private func notifyObservers() {
        var rounds = 0
        while !observers.isEmpty && rounds < 64 {
            swap(&observers, &endingObservers)
            for observer in endingObservers { observer.turnEnded() }
            endingObservers.removeAll(keepingCapacity: true)
            rounds += 1
        }
    }

    private func runDueTimers(before limit: UInt64) {
        guard let earliest = timers.earliest else { return }
        let now = self.now
        guard earliest <= now else { return }
        var due: [LoopTimer] = []
        swap(&due, &dueTimers)
        timers.takeDue(at: now, before: limit, into: &due)
        for timer in due {
            // A timer that closes the loop is the last one.
            if isClosed { timer.cancel() } else { timer.fire() }
        }
        due.removeAll(keepingCapacity: true)
        swap(&due, &dueTimers)
    }

    private func requestTurn() {
        isTurnRequested = true
        updateDeadline()
    }

    /// Gives the backend the next deadline if it has another one.
    func updateDeadline() {
        guard !isClosed else { return }
        let isTurnWanted = isTurnRequested || !observers.isEmpty || !mailbox.isEmpty
        let wanted = isTurnWanted ? LoopInstant(nanoseconds: 0) : timers.earliest
        if isArmed && armed == wanted { return }
        armed = wanted
        isArmed = true
        backend.setDeadline(wanted)
    }

    private func setInTurn(_ value: Bool) {
        isInTurn = value
        owner.setInTurn(value)
    }

    // MARK: Confinement

    /// Traps in debug builds if the calling thread is not the loop's.
    @inline(__always)
    func assertCurrent(_ function: StaticString = #function) {
        assert(
            owner.isCurrent,
            "\(function) of a loop of thread \(owner.description) was called on thread \(System.currentThread); use mailbox"
        )
    }

    /// Tells somebody when the loop is closed; it is kept until then, or until ``remove(_:)``.
    package func add(_ resident: any LoopResident) {
        residents[ObjectIdentifier(resident)] = resident
    }

    /// Forgets somebody who was added.
    package func remove(_ resident: any LoopResident) {
        residents[ObjectIdentifier(resident)] = nil
    }
}

@available(*, unavailable)
extension HostedLoop: Sendable {}
