#if os(Linux)
import AMQPConnection
import AMQPPosix
import CLinux

/// Waits with epoll(7), level triggered.
///
/// Each registration has a generation, which the kernel hands back with its events: an event of a former user of a
/// descriptor number is dropped.
final class EpollBackend: LoopBackend {
    private unowned var host: HostedLoop?
    private let epoll: Int32
    private let waker: WakeDescriptor
    private var generations: [Int32: UInt32] = [:]
    private var nextGeneration: UInt32 = 1
    private var events = [epoll_event](repeating: epoll_event(), count: 64)
    private var deadline: LoopInstant?
    private var isClosed = false
    /// Whether the kernel waits in nanoseconds; it does since 5.11, unless a container forbids it.
    private var hasNanoseconds = true

    init() throws(AMQPError) {
        let epoll = epoll_create1(Int32(EPOLL_CLOEXEC))
        guard epoll >= 0 else { throw Self.failure("epoll_create1") }
        let event = eventfd(0, Int32(EFD_NONBLOCK | EFD_CLOEXEC))
        guard event >= 0 else {
            let failure = Self.failure("eventfd")
            System.close(epoll)
            throw failure
        }
        self.epoll = epoll
        waker = WakeDescriptor(event: event)
        guard control(EPOLL_CTL_ADD, event, .readable, generation: 0) == 0 else {
            let failure = Self.failure("epoll_ctl")
            close()
            throw failure
        }
    }

    deinit {
        close()
    }

    func attach(to host: HostedLoop) {
        self.host = host
    }

    func watch(_ descriptor: Int32, for interest: Readiness) throws(AMQPError) {
        if interest.isEmpty {
            guard generations.removeValue(forKey: descriptor) != nil else { return }
            _ = control(EPOLL_CTL_DEL, descriptor, [], generation: 0)
            return
        }
        if let generation = generations[descriptor],
            control(EPOLL_CTL_MOD, descriptor, interest, generation: generation) == 0
        {
            return
        }
        // New, or the number was closed and given to another file meanwhile: then the kernel has forgotten it.
        generations[descriptor] = nil
        let generation = nextGeneration
        nextGeneration = nextGeneration == .max ? 1 : nextGeneration + 1
        guard control(EPOLL_CTL_ADD, descriptor, interest, generation: generation) == 0 else {
            throw AMQPError(
                .descriptorNotWatchable, blame: .application, "epoll cannot watch descriptor \(descriptor)",
                underlying: System.lastError("epoll_ctl"))
        }
        generations[descriptor] = generation
    }

    func setDeadline(_ instant: LoopInstant?) {
        deadline = instant
    }

    func makeWaker() -> @Sendable () -> Void {
        { [waker] in waker.wake() }
    }

    func runOnce(until limit: LoopInstant?) -> Bool {
        guard let host else { return false }
        let count = wait(host.timeout(deadline, limit))
        host.turn {
            // Callbacks cannot change `events`: a turn inside a turn does nothing.
            for position in 0 ..< count { deliver(events[position], to: host) }
        }
        if count == events.count && count < 1024 {
            events += [epoll_event](repeating: epoll_event(), count: count)
        }
        return true
    }

    func close() {
        guard !isClosed else { return }
        isClosed = true
        waker.close()
        System.close(epoll)
    }

    private func deliver(_ event: epoll_event, to host: HostedLoop) {
        let descriptor = Int32(truncatingIfNeeded: event.data.u64)
        let generation = UInt32(truncatingIfNeeded: event.data.u64 >> 32)
        guard descriptor != waker.descriptor else { return waker.reset() }
        guard generations[descriptor] == generation else { return }
        let failed = event.events & (EPOLLERR.rawValue | EPOLLHUP.rawValue) != 0
        var readiness: Readiness = []
        if failed || event.events & EPOLLIN.rawValue != 0 { readiness.insert(.readable) }
        if failed || event.events & EPOLLOUT.rawValue != 0 { readiness.insert(.writable) }
        host.ready(descriptor, readiness)
    }

    /// Waits for events; returns how many there are, 0 also if a signal came.
    private func wait(_ timeout: Duration?) -> Int {
        // SAFETY: the kernel writes at most `events.count` events into the array, which is ours alone during the call.
        let size = Int32(clamping: events.count)
        let nanoseconds = timeout.map { max(0, $0.clampedNanoseconds) }
        if hasNanoseconds {
            let count = events.withUnsafeMutableBufferPointer { events in
                ochotona_epoll_wait_ns(
                    epoll, events.baseAddress, size, (nanoseconds ?? -1_000_000_000) / 1_000_000_000,
                    (nanoseconds ?? 0) % 1_000_000_000)
            }
            if count >= 0 { return min(Int(count), events.count) }
            guard count == OCHOTONA_UNSUPPORTED else { return 0 }
            hasNanoseconds = false
        }
        // Rounded up: a timer may be late, but never early.
        let milliseconds = nanoseconds.map { Int32(clamping: $0 / 1_000_000 + ($0 % 1_000_000 > 0 ? 1 : 0)) } ?? -1
        let count = events.withUnsafeMutableBufferPointer { epoll_wait(epoll, $0.baseAddress, size, milliseconds) }
        return max(0, min(Int(count), events.count))
    }

    private func control(_ operation: Int32, _ descriptor: Int32, _ interest: Readiness, generation: UInt32) -> Int32 {
        var event = epoll_event()
        if interest.contains(.readable) { event.events |= EPOLLIN.rawValue }
        if interest.contains(.writable) { event.events |= EPOLLOUT.rawValue }
        event.data.u64 = UInt64(generation) << 32 | UInt64(UInt32(bitPattern: descriptor))
        return epoll_ctl(epoll, operation, descriptor, &event)
    }

    private static func failure(_ call: String) -> AMQPError {
        AMQPError(
            .systemCallFailed, blame: .transport, "no epoll loop could be made", underlying: System.lastError(call))
    }
}
#endif
