import AMQPConnection
import AMQPPosix
import CLibev

/// Waits with libev, on a loop of its own or on the program's.
///
/// libev calls back once for each event. The callbacks here only note what happened and ask for the turn, a watcher of
/// the lowest priority that is never started but fed (`ev_feed_event`): libev calls it when the callbacks of all events
/// of the iteration have run.
final class LibevBackend: LoopBackend {
    /// Until the close, or until the loop is destroyed by its owner.
    private(set) var loop: OpaquePointer?
    private let isOwner: Bool
    private unowned var host: HostedLoop?

    private let turn = LibevWatcher(ev_check())
    private let timer = LibevWatcher(ev_timer())
    private let async = LibevWatcher(ev_async())
    private let cleanup = LibevWatcher(ev_cleanup())
    private let waker: LibevWaker

    private let descriptors: LibevDescriptors
    private var deadline: LoopInstant?
    private var isDelivering = false
    /// A loop of our own that was closed while it ran.
    private var doomed: OpaquePointer?

    init(borrowing borrowed: OpaquePointer?) throws(AMQPError) {
        // libev ends the program if it finds no descriptors to be woken by.
        do {
            let probe = try System.pipe()
            System.close(probe.reader)
            System.close(probe.writer)
        } catch {
            throw AMQPError(.systemCallFailed, blame: .transport, "libev needs descriptors", underlying: error)
        }
        guard let loop = borrowed ?? ev_loop_new(UInt32(EVFLAG_AUTO)) else {
            throw AMQPError(.systemCallFailed, blame: .transport, "libev has none of the back ends that it was given")
        }
        self.loop = loop
        isOwner = borrowed == nil
        clibev_async_init(async.pointer) { _, watcher, _ in LibevBackend.at(watcher?.pointee.data)?.requestTurn() }
        waker = LibevWaker(loop, async.pointer)
        descriptors = LibevDescriptors(loop)
        descriptors.onEvent = { [unowned self] in requestTurn() }
        descriptors.onLost = { [unowned self] in host?.lost($0) }
        // SAFETY: the watchers are stopped in `close`, which `deinit` calls, so none has a callback after this object
        // is gone; each callback holds it strongly while it runs.
        let data = Unmanaged.passUnretained(self).toOpaque()
        clibev_check_init(turn.pointer) { _, watcher, _ in LibevBackend.at(watcher?.pointee.data)?.runTurn() }
        clibev_set_priority(turn.pointer, clibev_lowest_priority())
        clibev_timer_init(
            timer.pointer, { _, watcher, _ in LibevBackend.at(watcher?.pointee.data)?.timerFired() }, 0, 0)
        clibev_cleanup_init(cleanup.pointer) { _, watcher, _ in LibevBackend.at(watcher?.pointee.data)?.loopEnds() }
        turn.pointer.pointee.data = data
        timer.pointer.pointee.data = data
        async.pointer.pointee.data = data
        cleanup.pointer.pointee.data = data
        ev_async_start(loop, async.pointer)
        ev_cleanup_start(loop, cleanup.pointer)
    }

    deinit {
        close()
    }

    /// The backend that a watcher's `data` points to.
    private static func at(_ data: UnsafeMutableRawPointer?) -> LibevBackend? {
        // SAFETY: only watchers of this file have this callback, and `data` of all of them is a backend that lives.
        data.map { Unmanaged<LibevBackend>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: Duties

    func attach(to host: HostedLoop) {
        self.host = host
    }

    func watch(_ descriptor: Int32, for interest: Readiness) throws(AMQPError) {
        guard loop != nil else {
            guard !interest.isEmpty else { return }
            throw AMQPError(.loopClosed, blame: .application, "the libev loop is gone")
        }
        try descriptors.watch(descriptor, for: interest)
    }

    func setDeadline(_ instant: LoopInstant?) {
        guard let loop, let host, instant != deadline else { return }
        deadline = instant
        ev_timer_stop(loop, timer.pointer)
        guard let instant else { return }
        let wait = host.now.duration(to: instant)
        // Called from a callback of the program's, the turn can be had in this iteration. Asked for by a turn itself,
        // it must wait for the next one, or the program's events would starve.
        if wait <= .zero && !isDelivering && ev_depth(loop) > 0 { return requestTurn() }
        startTimer(loop, wait)
    }

    func makeWaker() -> @Sendable () -> Void {
        { [waker] in waker.wake() }
    }

    func runOnce(until limit: LoopInstant?) -> Bool {
        guard let loop, let host else { return false }
        // What is pending already would be called first, and libev would then wait for something more.
        let wait = ev_pending_count(loop) > 0 ? .zero : limit.map { host.now.duration(to: $0) }
        if let wait, wait > .zero {
            let alarm = LibevWatcher(ev_timer())
            clibev_timer_init(alarm.pointer, { _, _, _ in }, wait / .seconds(1), 0)
            // libev counts from a time that it took when it last polled; `ev_run` takes a new one first, too.
            ev_now_update(loop)
            ev_timer_start(loop, alarm.pointer)
            ev_run(loop, Int32(EVRUN_ONCE))
            ev_timer_stop(loop, alarm.pointer)
        } else {
            ev_run(loop, Int32(wait == nil ? EVRUN_ONCE : EVRUN_NOWAIT))
        }
        if let doomed, ev_depth(doomed) == 0 {
            self.doomed = nil
            ev_loop_destroy(doomed)
        }
        return true
    }

    func close() {
        guard let loop else { return }
        self.loop = nil
        descriptors.stop()
        waker.stop()
        ev_timer_stop(loop, timer.pointer)
        ev_cleanup_stop(loop, cleanup.pointer)
        ev_clear_pending(loop, turn.pointer)
        guard isOwner else { return }
        // A loop cannot be destroyed while it runs.
        if ev_depth(loop) == 0 { ev_loop_destroy(loop) } else { doomed = loop }
    }

    // MARK: libev's callbacks

    /// Makes libev call ``runTurn()`` when the other callbacks that are pending have run.
    private func requestTurn() {
        if let loop { ev_feed_event(loop, turn.pointer, Int32(EV_CUSTOM)) }
    }

    private func timerFired() {
        guard let loop, let host, let deadline else { return }
        // libev counts from when it last polled, so after long callbacks it is early by as much.
        let wait = host.now.duration(to: deadline)
        if wait > .zero { startTimer(loop, wait) } else { requestTurn() }
    }

    private func startTimer(_ loop: OpaquePointer, _ wait: Duration) {
        clibev_timer_set(timer.pointer, max(0, wait / .seconds(1)), 0)
        ev_timer_start(loop, timer.pointer)
    }

    private func runTurn() {
        guard let host else { return }
        let wasDelivering = isDelivering
        isDelivering = true
        defer { isDelivering = wasDelivering }
        // A turn inside a turn does nothing but drop the events, which libev will report again.
        guard descriptors.hasEvents && !host.isInTurn else {
            if let deadline, deadline <= host.now { self.deadline = nil }
            descriptors.dropEvents()
            host.wakeUp()
            return
        }
        let events = descriptors.takeEvents()
        host.turn {
            for event in events {
                if let readiness = event.readiness {
                    host.ready(event.descriptor, readiness)
                } else {
                    host.lost(event.descriptor)
                }
            }
        }
        descriptors.reuse(events)
        // The deadline that came with the events stands until the host replaces it, and its timer has fired already.
        if let loop, let deadline, clibev_is_active(timer.pointer) == 0 {
            startTimer(loop, host.now.duration(to: deadline))
        }
    }

    /// The owner of a borrowed loop is destroying it.
    private func loopEnds() {
        close()
        host?.close()
    }
}
