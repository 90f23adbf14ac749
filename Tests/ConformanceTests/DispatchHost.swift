internal import AMQPDispatch
internal import AdapterKit
internal import Dispatch

/// A serial queue for each check, and the loop on it.
final class DispatchHost {
    private let queue: DispatchQueue
    private let loop: DispatchLoop
    private let parked: ParkedHost

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
        parked = ParkedHost(loop.mailbox) { queue.async(execute: $0) }
    }

    deinit {
        if queue === DispatchQueue.main { Self.isMainInUse.withLock { $0 = false } }
    }

    private func callLater(_ delay: Duration, _ callback: @escaping () -> Void) {
        let block = OnQueue(value: callback)
        queue.asyncAfter(deadline: .now() + .nanoseconds(Int(delay / .nanoseconds(1)))) { block.value() }
    }

    /// What the kit drives for a loop on this queue.
    static func make(on queue: DispatchQueue) -> LoopHost {
        let host = DispatchHost(queue)
        let (loop, parked) = (host.loop, host.parked)
        var described = LoopHost(hosted: loop)
        described.enter = { parked.enter($0) }
        described.run = { parked.letRun { loop.start() } }
        described.foreign = LoopHost.Foreign(
            callLater: host.callLater, run: { parked.runHost() }, stop: { parked.stopHost() })
        return described
    }
}

extension AdapterUnderTest {
    /// A loop on a queue that `queue` gives for each check.
    static func dispatch(_ name: String, _ queue: @escaping @Sendable () -> DispatchQueue) -> AdapterUnderTest {
        .borrowed(name) { DispatchHost.make(on: queue()) }
    }
}
