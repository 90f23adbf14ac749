internal import AMQPSelect

/// A loop with a mailbox of its own, whose wake-ups go through the base's.
class OwnMailboxLoop: ForwardingLoop {
    private final class Target: Sendable {
        // The loop is set once, before the mailbox is handed out.
        let loop = Guarded<LoopBox<() -> Void>?>(nil)

        func drain() { loop.withLock { $0 }?.value() }
    }

    private let own: Mailbox

    init(
        isCurrent: @escaping @Sendable (_ base: Mailbox) -> Bool = { $0.isCurrent },
        wake: @escaping @Sendable (_ base: Mailbox, _ drain: @escaping @Sendable () -> Void) -> Void
    ) {
        let base = SelectLoop()
        let baseMailbox = base.mailbox
        let target = Target()
        own = Mailbox(wake: { wake(baseMailbox) { target.drain() } }, isCurrent: { isCurrent(baseMailbox) })
        super.init(base)
        let drain = LoopBox(value: { [weak self] () -> Void in self?.drain() })
        target.loop.withLock { $0 = drain }
    }

    override var mailbox: Mailbox { own }

    func drain() {
        for callback in own.drain() { callback() }
    }

    override func close() {
        for callback in own.close() { callback() }
        base.close()
    }
}

/// A good loop with a mailbox of its own.
final class WakesForPosts: OwnMailboxLoop {
    init() { super.init { mailbox, drain in try? mailbox.addCallbackThreadsafe(drain) } }
}

/// A post does not wake the loop, which looks for posts a hundred times a second instead.
final class PollsForPosts: OwnMailboxLoop {
    init() { super.init { _, _ in } }

    override func start() {
        poll()
        base.start()
    }

    private func poll() {
        drain()
        base.callLater(.milliseconds(10)) { [weak self] in self?.poll() }
    }
}

/// A post does not wake the loop; only what happens anyway does.
final class LosesWakeUps: OwnMailboxLoop {
    init() { super.init { _, _ in } }

    override func callLater(_ delay: Duration, _ callback: @escaping () -> Void) -> TimerHandle {
        base.callLater(delay) { [weak self] in
            self?.drain()
            callback()
        }
    }
}

/// One wake-up of twenty is lost.
final class LosesSomeWakeUps: OwnMailboxLoop {
    private final class Count: Sendable {
        private let value = Guarded(0)

        func next() -> Int {
            value.withLock { value in
                value += 1
                return value
            }
        }
    }

    init() {
        let count = Count()
        super.init { mailbox, drain in
            if count.next() % 20 != 0 { try? mailbox.addCallbackThreadsafe(drain) }
        }
    }
}

/// The callbacks of a batch run in the wrong order.
final class RunsPostsBackwards: OwnMailboxLoop {
    init() { super.init { mailbox, drain in try? mailbox.addCallbackThreadsafe(drain) } }

    override func drain() {
        for callback in mailbox.drain().reversed() { callback() }
    }
}

/// What was posted is run among the timers.
final class RunsPostsAmongTimers: OwnMailboxLoop {
    init() { super.init { mailbox, drain in try? mailbox.addCallbackThreadsafe(drain) } }

    override func drain() {
        let callbacks = mailbox.drain()
        base.callLater(.zero) { for callback in callbacks { callback() } }
    }
}

/// What a posted callback posts runs in the same turn, for ever if need be.
final class DrainsUntilEmpty: OwnMailboxLoop {
    init() { super.init { mailbox, drain in try? mailbox.addCallbackThreadsafe(drain) } }

    override func drain() {
        while !mailbox.isEmpty, !mailbox.isClosed { for callback in mailbox.drain() { callback() } }
    }
}

/// What was accepted before the end is dropped.
final class DropsPostsAtClose: OwnMailboxLoop {
    init() { super.init { mailbox, drain in try? mailbox.addCallbackThreadsafe(drain) } }

    override func close() {
        _ = mailbox.close()
        base.close()
    }
}

/// A closed loop still takes callbacks, which never run.
final class AcceptsAfterClose: ForwardingLoop {
    override func close() {}
}

/// The loop does not know its own thread.
final class DoesNotKnowItsThread: OwnMailboxLoop {
    init() { super.init(isCurrent: { _ in false }) { mailbox, drain in try? mailbox.addCallbackThreadsafe(drain) } }
}

/// A post on the loop's own thread runs at once.
final class RunsPostsInsideTheCall: OwnMailboxLoop {
    init() { super.init { _, drain in drain() } }
}
