import AMQPConnection
import AMQPPosix
import Dispatch

/// Hears from dispatch sources, on a serial queue.
///
/// All handlers run on the queue and hold the backend weakly, so a loop that is dropped is never called again, on
/// whichever thread that happens.
final class DispatchBackend: LoopBackend {
    let queue: DispatchQueue
    /// Opened when the loop is stopped or closed.
    let gate: StopGate
    /// What lives until the loop is closed: the loop itself, if nobody else has to hold it.
    var held: Any?

    private weak var host: HostedLoop?
    private let key = DispatchSpecificKey<Bool>()
    private let waker: DispatchWaker
    private let timer: any DispatchSourceTimer
    private var watches: [Int32: DispatchWatch] = [:]
    /// The descriptors that were hung up, and are to be told again in the next turn.
    private var overs: [Int32] = []

    init(on queue: DispatchQueue, _ gate: StopGate) {
        self.queue = queue
        self.gate = gate
        waker = DispatchWaker(on: queue)
        timer = DispatchSource.makeTimerSource(flags: .strict, queue: queue)
        queue.setSpecific(key: key, value: true)
    }

    deinit {
        // Not earlier: a loop that is closed still belongs to its queue.
        queue.setSpecific(key: key, value: nil)
    }

    var currentCheck: (@Sendable () -> Bool)? {
        { [key] in DispatchQueue.getSpecific(key: key) == true }
    }

    func attach(to host: HostedLoop) {
        self.host = host
        waker.start { [weak self] in self?.woken() }
        timer.setEventHandler { [weak self] in self?.host?.wakeUp() }
        timer.schedule(deadline: .distantFuture)
        timer.activate()
    }

    func watch(_ descriptor: Int32, for interest: Readiness) throws(AMQPError) {
        if interest.isEmpty {
            watches.removeValue(forKey: descriptor)?.watch(for: [])
            return
        }
        if let watch = watches[descriptor] {
            if watch.isOf(descriptor) { return watch.watch(for: interest) }
            watch.watch(for: [])
            watches[descriptor] = nil
        }
        let watch = try DispatchWatch(descriptor, on: queue) { [weak self] in
            guard let self, let host else { return }
            host.turn { self.look(at: descriptor) }
        }
        watches[descriptor] = watch
        watch.watch(for: interest)
    }

    /// Tells what a descriptor is ready for now.
    private func look(at descriptor: Int32) {
        guard let watch = watches[descriptor] else { return }
        let state = watch.state
        host?.ready(descriptor, state.readiness)
        // Outside Darwin a source tells of a hang-up once, and of nothing after it, also if there still is something to
        // read; so whoever goes on watching is told from here.
        guard state.isOver, watches[descriptor] === watch, !overs.contains(descriptor) else { return }
        overs.append(descriptor)
        waker.wake()
    }

    private func woken() {
        guard let host else { return }
        if !overs.isEmpty {
            let overs = self.overs
            self.overs = []
            host.turn { for descriptor in overs { look(at: descriptor) } }
        }
        host.wakeUp()
    }

    func setDeadline(_ instant: LoopInstant?) {
        guard let host, let instant else { return timer.schedule(deadline: .distantFuture) }
        let wait = host.now.duration(to: instant)
        guard wait > .zero else { return waker.wake() }
        // A deadline beyond a day is looked at again each day, so that no sum can overflow.
        let nanoseconds = Int(min(wait, .seconds(86400)) / .nanoseconds(1))
        timer.schedule(deadline: .now() + .nanoseconds(nanoseconds), leeway: .nanoseconds(0))
    }

    func makeWaker() -> @Sendable () -> Void {
        { [waker] in waker.wake() }
    }

    func close() {
        for watch in watches.values { watch.watch(for: []) }
        watches = [:]
        timer.cancel()
        waker.cancel()
        gate.open()
        held = nil
    }
}
