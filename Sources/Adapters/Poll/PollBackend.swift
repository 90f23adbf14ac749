import AMQPConnection
import AMQPPosix

/// Waits with poll(2).
final class PollBackend: LoopBackend {
    private unowned var host: HostedLoop?
    private let waker = WakeDescriptor()
    private var set = PollSet()
    private var events: [(descriptor: Int32, readiness: Readiness)] = []
    private var deadline: LoopInstant?

    init() {
        if waker.descriptor >= 0 { set.watch(waker.descriptor, for: .readable) }
    }

    func attach(to host: HostedLoop) {
        self.host = host
    }

    func watch(_ descriptor: Int32, for interest: Readiness) throws(AMQPError) {
        guard interest.isEmpty || System.isOpen(descriptor) else {
            throw AMQPError(
                .descriptorNotWatchable, blame: .application, "descriptor \(descriptor) is not open")
        }
        set.watch(descriptor, for: interest)
    }

    func setDeadline(_ instant: LoopInstant?) {
        deadline = instant
    }

    func makeWaker() -> @Sendable () -> Void {
        { [waker] in waker.wake() }
    }

    func runOnce(until limit: LoopInstant?) -> Bool {
        guard let host else { return false }
        let timeout = host.timeout(deadline, limit, canBeWoken: waker.descriptor >= 0)
        // It fails only when the system is out of memory; then nothing is ready, and the timers still run.
        let count = (try? System.poll(&set, timeout: timeout)) ?? 0
        // Callbacks change the set, so what is ready is noted first.
        if count > 0 { collect() }
        host.turn {
            for event in events {
                if event.readiness.isEmpty {
                    host.lost(event.descriptor)
                } else {
                    host.ready(event.descriptor, event.readiness)
                }
            }
        }
        events.removeAll(keepingCapacity: true)
        return true
    }

    /// Notes what is ready; a descriptor that was closed while it was watched is ready for nothing.
    private func collect() {
        for position in 0 ..< set.count {
            let isInvalid = set.isInvalid(at: position)
            let readiness = isInvalid ? [] : set.readiness(at: position)
            guard isInvalid || !readiness.isEmpty else { continue }
            let descriptor = set.descriptor(at: position)
            if descriptor == waker.descriptor { waker.reset() } else { events.append((descriptor, readiness)) }
        }
    }

    func close() {
        waker.close()
    }
}
