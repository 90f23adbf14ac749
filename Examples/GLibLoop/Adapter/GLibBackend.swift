import AMQPPosix
import CGLib

/// Two sources in a `GMainContext`: one for descriptors and the deadline, one that other threads make ready.
final class GLibBackend: LoopBackend {
    private weak var host: HostedLoop?
    private let context: OpaquePointer
    private let events: GLibSource
    private let waker: GLibSource
    /// For each watched descriptor, GLib's name for it within the source.
    private var tags: [Int32: gpointer] = [:]

    init(_ context: OpaquePointer) {
        self.context = context
        events = GLibSource(in: context)
        waker = GLibSource(in: context)
    }

    func attach(to host: HostedLoop) {
        self.host = host
        events.start { [weak self] in self?.deliver() }
        waker.start { [weak host, waker] in
            // First, so that a wake-up that comes during the turn is not lost.
            waker.setReadyTime(-1)
            host?.wakeUp()
        }
    }

    // Duty 1. GLib polls the number anew in each iteration, so a number that changed its file needs no care here.
    func watch(_ descriptor: Int32, for interest: Readiness) throws(AMQPError) {
        if interest.isEmpty {
            if let tag = tags.removeValue(forKey: descriptor) { events.remove(tag) }
        } else if let tag = tags[descriptor] {
            events.modify(tag, GIOCondition(interest))
        } else {
            tags[descriptor] = events.add(descriptor, GIOCondition(interest))
        }
    }

    // Duty 2.
    func setDeadline(_ instant: LoopInstant?) {
        guard let host, let instant else { return events.setReadyTime(-1) }
        events.setReadyTime(readyTime(of: instant, on: host))
    }

    /// An instant on GLib's clock, which counts microseconds: rounded up, so it is never early.
    private func readyTime(of instant: LoopInstant, on host: HostedLoop) -> gint64 {
        let wait = min(max(.zero, host.now.duration(to: instant)), .seconds(86400))
        return wait == .zero ? 0 : g_get_monotonic_time() + gint64(wait / .microseconds(1)) + 1
    }

    // Duty 3.
    func makeWaker() -> @Sendable () -> Void {
        { [waker] in waker.setReadyTime(0) }
    }

    // Duty 4.
    func runOnce(until limit: LoopInstant?) -> Bool {
        guard let host else { return false }
        if let limit {
            let time = readyTime(of: limit, on: host)
            if events.readyTime < 0 || time < events.readyTime { events.setReadyTime(time) }
        }
        g_main_context_iteration(context, gboolean(1))
        return true
    }

    func close() {
        events.destroy()
        waker.destroy()
        tags = [:]
    }

    /// The deadline came, or descriptors are ready; all of them are told in one turn.
    private func deliver() {
        guard let host else { return }
        let ready = tags.map { ($0, events.query($1)) }.filter { $1.rawValue != 0 }
        guard !ready.isEmpty else { return host.wakeUp() }
        host.turn {
            for (descriptor, condition) in ready {
                let isClosed = condition.rawValue & G_IO_NVAL.rawValue != 0
                if isClosed { host.lost(descriptor) } else { host.ready(descriptor, Readiness(condition)) }
            }
        }
    }
}

extension GIOCondition {
    init(_ readiness: Readiness) {
        self = GIOCondition(0)
        if readiness.contains(.readable) { rawValue |= G_IO_IN.rawValue }
        if readiness.contains(.writable) { rawValue |= G_IO_OUT.rawValue }
    }
}

extension Readiness {
    /// An error or a hang-up is both.
    init(_ condition: GIOCondition) {
        let failed = condition.rawValue & (G_IO_ERR.rawValue | G_IO_HUP.rawValue) != 0
        self = []
        if failed || condition.rawValue & G_IO_IN.rawValue != 0 { insert(.readable) }
        if failed || condition.rawValue & G_IO_OUT.rawValue != 0 { insert(.writable) }
    }
}
