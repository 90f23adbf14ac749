public import AMQPConnection

/// A loop that was made for one check, and how it is driven.
///
/// All of it is used on the check's own thread. For a loop that runs on the thread that starts it, the defaults are
/// right; a loop with a thread or queue of its own replaces ``enter`` and ``run``, and what a program runs by hand
/// replaces ``run`` and ``stop``.
public struct LoopHost {
    /// A host's loop that the adapter borrowed: native calls that do not go through the adapter.
    public struct Foreign {
        /// Runs a callback on the host's loop after a delay, by the host's own timer.
        public var callLater: (_ delay: Duration, _ callback: @escaping () -> Void) -> Void
        /// Runs the host's loop on the calling thread until `stop`, by the host's own means.
        public var run: () -> Void
        /// Makes `run` return.
        public var stop: () -> Void

        /// Names the three calls.
        public init(
            callLater: @escaping (_ delay: Duration, _ callback: @escaping () -> Void) -> Void,
            run: @escaping () -> Void, stop: @escaping () -> Void
        ) {
            self.callLater = callLater
            self.run = run
            self.stop = stop
        }
    }

    /// The loop; checks use it inside ``enter`` and in its callbacks only.
    public var loop: any IOLoop
    /// Runs a body where the loop may be used, and returns when it has run. Default: right here.
    public var enter: (_ body: () -> Void) -> Void
    /// Runs the loop until ``stop``, and returns then. Default: `loop.start()`.
    public var run: () -> Void
    /// Makes ``run`` return after the current turn, or the next one at once; called where the loop may be used. Default:
    /// `loop.stop()`.
    public var stop: () -> Void
    /// Ends the loop for good; called inside ``enter`` or in a callback. Default: does nothing.
    public var close: () -> Void
    /// Asks to be told when a turn takes longer than the threshold.
    public var observeStalls: ((_ threshold: Duration, _ observer: @escaping (Duration) -> Void) -> Void)?
    /// How many turns the loop has run. It is needed of loops that change their thread, as those on a dispatch queue do;
    /// how often others wake up is asked of the thread as well.
    public var turnCount: (() -> UInt64)?
    /// The host's loop, if this one is borrowed.
    public var foreign: Foreign?

    /// Describes a loop; what is left out has the default that the property names.
    public init(
        loop: any IOLoop, enter: @escaping (_ body: () -> Void) -> Void = { $0() }, run: (() -> Void)? = nil,
        stop: (() -> Void)? = nil, close: @escaping () -> Void = {},
        observeStalls: ((_ threshold: Duration, _ observer: @escaping (Duration) -> Void) -> Void)? = nil,
        turnCount: (() -> UInt64)? = nil, foreign: Foreign? = nil
    ) {
        self.loop = loop
        self.enter = enter
        self.run = run ?? { loop.start() }
        self.stop = stop ?? { loop.stop() }
        self.close = close
        self.observeStalls = observeStalls
        self.turnCount = turnCount
        self.foreign = foreign
    }
}

@available(*, unavailable)
extension LoopHost: Sendable {}
