internal import AMQPDispatch
internal import AdapterKit
internal import Dispatch

/// Runs the kit's checks, which belong to one thread, on a loop that a queue runs by itself.
///
/// While the check's own thread is at work the queue is parked in a block that waits, so that nothing runs on both at
/// once.
final class DispatchHost {
    private let queue: DispatchQueue
    private let loop: DispatchLoop
    private let parked = DispatchSemaphore(value: 0)
    private let leave = DispatchSemaphore(value: 0)
    private let hostStopped = DispatchSemaphore(value: 0)
    private var isParked = false

    /// Whether a check has the main queue; a second loop of the same check needs another one, since it runs meanwhile.
    private static let isMainInUse = Guarded(false)

    /// The main queue for one loop at a time, another queue for others.
    static func mainQueue() -> DispatchQueue {
        let wasInUse = isMainInUse.withLock { isMainInUse in
            defer { isMainInUse = true }
            return isMainInUse
        }
        return wasInUse ? DispatchQueue(label: "conformance, next to the main queue") : .main
    }

    private init(_ queue: DispatchQueue) {
        self.queue = queue
        loop = queue.sync { DispatchLoop(on: queue) }
        park()
    }

    deinit {
        unpark()
        if queue === DispatchQueue.main { Self.isMainInUse.withLock { $0 = false } }
    }

    private func park() {
        queue.async { [parked, leave] in
            parked.signal()
            leave.wait()
        }
        parked.wait()
        isParked = true
        // What the check left on its queue holds this host, so a queue that is needed no more goes on.
        if loop.mailbox.isClosed { unpark() }
    }

    private func unpark() {
        guard isParked else { return }
        isParked = false
        leave.signal()
    }

    /// Lets the queue run while the calling thread is in `body`.
    private func letRun(_ body: () -> Void) {
        unpark()
        body()
        park()
    }

    private func enter(_ body: () -> Void) {
        if loop.mailbox.isCurrent { return body() }
        letRun { queue.sync(execute: body) }
    }

    private func callLater(_ delay: Duration, _ callback: @escaping () -> Void) {
        let block = OnQueue(run: callback)
        queue.asyncAfter(deadline: .now() + .nanoseconds(Int(delay / .nanoseconds(1)))) { block.run() }
    }

    /// What the kit drives for a loop on this queue.
    static func make(on queue: DispatchQueue) -> LoopHost {
        let host = DispatchHost(queue)
        let loop = host.loop
        return LoopHost(
            loop: loop, enter: host.enter, run: { host.letRun { loop.start() } }, close: { loop.close() },
            observeStalls: { threshold, observer in
                loop.stallThreshold = threshold
                loop.onStall = observer
            },
            foreign: LoopHost.Foreign(
                callLater: host.callLater, run: { host.letRun { host.hostStopped.wait() } },
                stop: { queue.async { [stopped = host.hostStopped] in stopped.signal() } }))
    }
}

// SAFETY: it is called on the queue only, where it was made.
/// Carries a callback of the queue's to the queue.
private struct OnQueue: @unchecked Sendable {
    let run: () -> Void
}

extension AdapterUnderTest {
    /// A loop on a queue that `queue` gives for each check.
    static func dispatch(_ name: String, _ queue: @escaping @Sendable () -> DispatchQueue) -> AdapterUnderTest {
        .borrowed(name) { DispatchHost.make(on: queue()) }
    }
}
