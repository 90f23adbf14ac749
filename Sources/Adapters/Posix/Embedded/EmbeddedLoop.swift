public import AMQPConnection

/// A loop without a loop: the program waits, in whatever way it has, and says what it found.
///
/// The program asks what to wait for, waits for that next to its own descriptors, and then calls ``process(_:)``; every
/// callback of the library's runs in there. The whole face is ``watches``, ``wakeDescriptor`` and ``nextDeadline``:
///
/// ```swift
/// let loop = EmbeddedLoop()
/// let connection = Connection(on: loop, onOpen: onConnected)
/// while !finished {
///     let watches = loop.watches
///     var entries = [pollfd(fd: loop.wakeDescriptor, events: Int16(POLLIN), revents: 0), …]  // and the program's own
///     for watch in watches { … }                                                           // its descriptor, its interest
///     poll(&entries, nfds_t(entries.count), loop.pollTimeout)
///     loop.process(…)                                                                      // those that are ready
/// }
/// ```
///
/// A program that has room for one descriptor waits for ``fileDescriptor`` and calls ``process(readable:writable:)``.
///
/// What to wait for changes with every call into the library, so it is asked for before each wait. All of it belongs to
/// one thread, like any loop. `start()` and `step(timeLimit:)` work too, over poll(2): a program that ends can drain its
/// connections with them.
public final class EmbeddedLoop: HostedLoop {
    /// A descriptor and what to wait for.
    public struct Watch: Sendable, Hashable {
        /// The descriptor; it may be another one after the next call into the library.
        public var descriptor: Int32
        /// What to wait for: level triggered, and an error or hang-up counts as both.
        public var interest: Readiness

        /// A descriptor and what to wait for, or what it is ready for.
        public init(descriptor: Int32, interest: Readiness) {
            self.descriptor = descriptor
            self.interest = interest
        }
    }

    private let embedded: EmbeddedBackend

    /// Makes a loop that belongs to the calling thread.
    public init() {
        embedded = EmbeddedBackend()
        super.init(backend: embedded)
    }

    // MARK: What to wait for

    /// The descriptor of the one connection; `nil` while there is none, for example while a name is being resolved.
    ///
    /// While there are several (addresses are tried side by side, a stream ends) it is the newest; ``watches`` has all.
    public var fileDescriptor: Int32? { embedded.watches.last?.descriptor }

    /// Whether to wait until ``fileDescriptor`` can be read from.
    public var wantsRead: Bool { embedded.watches.last?.interest.contains(.readable) ?? false }

    /// Whether to wait until ``fileDescriptor`` can be written to.
    public var wantsWrite: Bool { embedded.watches.last?.interest.contains(.writable) ?? false }

    /// All descriptors and what to wait for, but for ``wakeDescriptor``.
    public var watches: [Watch] { embedded.watches }

    /// The descriptor that becomes readable when another thread, such as the resolver's, has something for the loop.
    ///
    /// It never changes until the loop is closed. A program that does not wait for it hears of such things at its next
    /// ``process(_:)``. It is -1 after the close, and if the system had no descriptor left; poll(2) ignores that.
    public var wakeDescriptor: Int32 { isClosed ? -1 : embedded.waker.descriptor }

    /// When to call ``process(_:)`` at the latest, on the clock of ``HostedLoop/now``; `nil` if there is no need. An
    /// instant that has passed means at once.
    public var nextDeadline: LoopInstant? { embedded.deadline }

    /// How long to wait at most, until ``nextDeadline``; zero if it has passed, `nil` for ever.
    public var nextTimeout: Duration? {
        timeout(embedded.deadline, nil, canBeWoken: embedded.waker.descriptor >= 0)
    }

    /// ``nextTimeout`` as poll(2) wants it: in milliseconds, rounded up, -1 for ever.
    public var pollTimeout: Int32 { nextTimeout.map(System.pollMilliseconds) ?? -1 }

    // MARK: What was found

    /// Runs one turn: the callbacks of ``fileDescriptor``, of other threads, and of the deadlines that have come.
    ///
    /// It never waits, and may be called at any time, also when nothing was found. Inside a callback it does nothing.
    /// While there are several ``watches`` it looks by itself which are ready, so that none has to wait for another.
    ///
    /// - Parameters:
    ///   - readable: whether ``fileDescriptor`` can be read from.
    ///   - writable: whether ``fileDescriptor`` can be written to.
    public func process(readable: Bool = false, writable: Bool = false) {
        guard watches.count <= 1 else { return process(embedded.readyNow()) }
        var readiness: Readiness = []
        if readable { readiness.insert(.readable) }
        if writable { readiness.insert(.writable) }
        guard !readiness.isEmpty, let descriptor = fileDescriptor else { return process([]) }
        process(CollectionOfOne(Watch(descriptor: descriptor, interest: readiness)))
    }

    /// Runs one turn: the callbacks of the descriptors that are ready, of other threads, and of the deadlines that have
    /// come. It never waits. Inside a callback it does nothing.
    ///
    /// - Parameter ready: the descriptors of ``watches`` that are ready, and what for. Too much does no harm.
    public func process(_ ready: some Collection<Watch>) {
        assertCurrent()
        guard !isInTurn, !isClosed else { return }
        embedded.waker.reset()
        turn {
            for entry in ready { self.ready(entry.descriptor, entry.interest) }
        }
    }
}
