public import AMQPConnection
import AMQPPosix

extension BlockingConnection {
    /// Has `callback` run once, `delay` from now or later, when the program next lets callbacks run.
    ///
    /// Timers with equal deadlines run in the order in which they were made; a delay of zero or less means the next time.
    /// The end of the connection cancels them.
    ///
    /// - Returns: the timer, which can be cancelled.
    @discardableResult
    public func callLater(
        _ delay: Duration, _ callback: @escaping (BlockingConnection) throws -> Void
    ) -> BlockingTimer {
        loop.adopt()
        let timer = BlockingTimer(callback)
        guard ending == nil else {
            timer.cancel()
            return timer
        }
        // The timers end with the connection, so that none keeps alive what its callback holds.
        timers[ObjectIdentifier(timer)] = timer
        timer.timer = loop.callLater(delay) { [weak self, weak timer] in
            guard let self, let timer else { return }
            timers[ObjectIdentifier(timer)] = nil
            add("timer") { connection in try timer.fire(connection) }
        }
        timer.onCancel = { [weak self, unowned timer] in self?.timers[ObjectIdentifier(timer)] = nil }
        return timer
    }

    /// Has `callback` run when the program next lets callbacks run; the same as the ``mailbox``'s, which is the object to
    /// hand to other threads.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/connectionWrongState`` if the connection is over.
    public func addCallbackThreadsafe(
        _ callback: @escaping @Sendable (BlockingConnection) throws -> Void
    ) throws(AMQPError) {
        try mailbox.addCallbackThreadsafe(callback)
    }

    /// Has `callback` run with the broker's reason each time that the broker stops taking publishes.
    @discardableResult
    public func onBlocked(_ callback: @escaping (BlockingConnection, String) throws -> Void) -> ListenerToken {
        core.onBlocked { [weak self] _, reason in
            self?.add("onBlocked", .connectionBlocked) { connection in try callback(connection, reason) }
        }
    }

    /// Has `callback` run each time that the broker takes publishes again.
    @discardableResult
    public func onUnblocked(_ callback: @escaping (BlockingConnection) throws -> Void) -> ListenerToken {
        core.onUnblocked { [weak self] _ in self?.add("onUnblocked", .connectionUnblocked, callback) }
    }

    /// Has `callback` run after one of the program's callbacks has kept the connection from sending and receiving for longer
    /// than ``stallThreshold``: the stall names it. If nobody listens, a warning is logged.
    ///
    /// A callback that lets the connection work meanwhile (``sleep(_:)``, any call that waits) keeps it from nothing.
    @discardableResult
    public func onStall(_ callback: @escaping (BlockingConnection, CallbackStall) throws -> Void) -> ListenerToken {
        core.onStall { [weak self] _, stall in
            self?.add("onStall") { connection in try callback(connection, stall) }
        }
    }

    /// How long a callback may keep the connection from sending and receiving before ``onStall(_:)``'s callbacks hear of
    /// it. Default: one second.
    public var stallThreshold: Duration {
        get { core.stallThreshold }
        set { core.stallThreshold = newValue }
    }

    /// Gives the broker a new secret, for example a token that replaces one that is about to expire.
    ///
    /// - Parameters:
    ///   - secret: the new secret; it is never logged.
    ///   - reason: why it changes, for the broker's log; at most 255 bytes.
    /// - Throws: ``AMQPError``: ``AMQPError/Code/connectionWrongState``, ``AMQPError/Code/invalidArgument``,
    ///   ``AMQPError/Code/deadlineExceeded``, or what ended the connection.
    @available(*, noasync)
    @discardableResult
    public func updateSecret(_ secret: String, reason: String) throws(AMQPError) -> ConnectionUpdateSecretOK {
        try call { completion in core.updateSecret(secret, reason: reason, completion: completion) }
    }

    private func add(
        _ name: String, _ method: MethodID? = nil, _ callback: @escaping (BlockingConnection) throws -> Void
    ) {
        let run = { [unowned self] in try callback(self) }
        events.append(BlockingEvent(kind: .callback(name, run), method: method))
    }
}

/// What the broker can do.
extension BlockingConnection {
    /// Whether the broker knows `basic.nack`.
    public var basicNackSupported: Bool { core.basicNack }

    /// Whether the broker tells of consumers that it cancels.
    public var consumerCancelNotifySupported: Bool { core.consumerCancelNotify }

    /// Whether exchanges can be bound to exchanges.
    public var exchangeExchangeBindingsSupported: Bool { core.exchangeExchangeBindings }

    /// Whether publishes can be confirmed.
    public var publisherConfirmsSupported: Bool { core.publisherConfirms }
}
