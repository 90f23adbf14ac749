public import AMQPLibev

/// A program with a libev loop of its own, which a `LibevLoop` borrows in tests.
public final class LibevProgram {
    public let loop: OpaquePointer
    private var timers: [UnsafeMutablePointer<ev_timer>: () -> Void] = [:]

    public init() throws(AMQPError) {
        guard let loop = ev_loop_new(UInt32(EVFLAG_AUTO)) else {
            throw AMQPError(.systemCallFailed, blame: .transport, "libev made no loop")
        }
        self.loop = loop
    }

    deinit {
        cancelTimers()
        ev_loop_destroy(loop)
    }

    private func cancelTimers() {
        for timer in timers.keys {
            ev_timer_stop(loop, timer)
            timer.deallocate()
        }
        timers = [:]
    }

    /// Runs a callback by a timer of the program's own.
    public func callLater(_ delay: Duration, _ callback: @escaping () -> Void) {
        let timer = UnsafeMutablePointer<ev_timer>.allocate(capacity: 1)
        timer.initialize(to: ev_timer())
        clibev_timer_init(
            timer,
            { _, timer, _ in
                guard let timer, let data = timer.pointee.data else { return }
                // SAFETY: the program stops its timers before it goes.
                Unmanaged<LibevProgram>.fromOpaque(data).takeUnretainedValue().fired(timer)
            }, delay / .seconds(1), 0)
        timer.pointee.data = Unmanaged.passUnretained(self).toOpaque()
        timers[timer] = callback
        ev_now_update(loop)
        ev_timer_start(loop, timer)
    }

    private func fired(_ timer: UnsafeMutablePointer<ev_timer>) {
        let callback = timers.removeValue(forKey: timer)
        timer.deallocate()
        callback?()
    }

    /// Runs the loop until ``stop()``, or until nothing is left to wait for; timers that are left do not run any more.
    public func run() {
        ev_run(loop, 0)
        // Their callbacks usually hold the program, which would keep itself alive.
        if ev_depth(loop) == 0 { cancelTimers() }
    }

    public func stop() { ev_break(loop, Int32(EVBREAK_ONE)) }
}

@available(*, unavailable)
extension LibevProgram: Sendable {}
