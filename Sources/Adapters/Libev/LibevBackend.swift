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
    private let prepare = LibevWatcher(ev_prepare())
    private let cleanup = LibevWatcher(ev_cleanup())
    private let waker: LibevWaker

    private var watchers: [Int32: LibevWatcher<ev_io>] = [:]
    /// Descriptors that libev has not told the kernel of yet.
    private var fresh: [Int32] = []
    /// What the next turn delivers; `nil` means that libev gave the descriptor up.
    private var ready: [(descriptor: Int32, readiness: Readiness?)] = []
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
        // SAFETY: the watchers are stopped in `close`, which `deinit` calls, so none has a callback after this object
        // is gone; each callback holds it strongly while it runs.
        let data = Unmanaged.passUnretained(self).toOpaque()
        clibev_check_init(turn.pointer) { _, watcher, _ in LibevBackend.at(watcher?.pointee.data)?.runTurn() }
        clibev_set_priority(turn.pointer, clibev_lowest_priority())
        clibev_timer_init(
            timer.pointer, { _, watcher, _ in LibevBackend.at(watcher?.pointee.data)?.timerFired() }, 0, 0)
        clibev_prepare_init(prepare.pointer) { _, watcher, _ in LibevBackend.at(watcher?.pointee.data)?.checkFresh() }
        clibev_set_priority(prepare.pointer, clibev_lowest_priority())
        clibev_cleanup_init(cleanup.pointer) { _, watcher, _ in LibevBackend.at(watcher?.pointee.data)?.loopEnds() }
        turn.pointer.pointee.data = data
        timer.pointer.pointee.data = data
        async.pointer.pointee.data = data
        prepare.pointer.pointee.data = data
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
        guard let loop else {
            guard !interest.isEmpty else { return }
            throw AMQPError(.loopClosed, blame: .application, "the libev loop is gone")
        }
        // What was noted may be about a former user of the number. The new one's readiness comes in the next iteration.
        ready.removeAll { $0.descriptor == descriptor }
        guard !interest.isEmpty else {
            guard let watcher = watchers.removeValue(forKey: descriptor) else { return }
            ev_io_stop(loop, watcher.pointer)
            return
        }
        // libev ends the program if it is given one that is closed.
        guard System.isOpen(descriptor) else {
            throw AMQPError(.descriptorNotWatchable, blame: .application, "descriptor \(descriptor) is not open")
        }
        var events: Int32 = 0
        if interest.contains(.readable) { events |= Int32(EV_READ) }
        if interest.contains(.writable) { events |= Int32(EV_WRITE) }
        if let watcher = watchers[descriptor] {
            // Also when the events are the same: it makes libev tell the kernel of the number's new file.
            ev_io_stop(loop, watcher.pointer)
            clibev_io_set(watcher.pointer, descriptor, events)
            ev_io_start(loop, watcher.pointer)
        } else {
            let watcher = LibevWatcher(ev_io())
            clibev_io_init(
                watcher.pointer,
                { _, watcher, events in
                    guard let watcher = watcher?.pointee else { return }
                    LibevBackend.at(watcher.data)?.note(watcher.fd, events)
                }, descriptor, events)
            // SAFETY: as for the watchers in `init`.
            watcher.pointer.pointee.data = Unmanaged.passUnretained(self).toOpaque()
            watchers[descriptor] = watcher
            ev_io_start(loop, watcher.pointer)
        }
        fresh.append(descriptor)
        ev_prepare_start(loop, prepare.pointer)
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
        for watcher in watchers.values { ev_io_stop(loop, watcher.pointer) }
        watchers = [:]
        fresh = []
        ready = []
        waker.stop()
        ev_timer_stop(loop, timer.pointer)
        ev_prepare_stop(loop, prepare.pointer)
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

    private func note(_ descriptor: Int32, _ events: Int32) {
        var readiness: Readiness? = []
        if events & Int32(EV_READ) != 0 { readiness?.insert(.readable) }
        if events & Int32(EV_WRITE) != 0 { readiness?.insert(.writable) }
        if events & Int32(EV_ERROR) != 0 { readiness = nil }
        ready.append((descriptor, readiness))
        requestTurn()
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
        if let deadline, deadline <= host.now { self.deadline = nil }
        let wasDelivering = isDelivering
        isDelivering = true
        defer { isDelivering = wasDelivering }
        // A turn inside a turn does nothing but drop the events, which libev will report again.
        guard !ready.isEmpty && !host.isInTurn else {
            ready.removeAll(keepingCapacity: true)
            host.wakeUp()
            return
        }
        var events: [(descriptor: Int32, readiness: Readiness?)] = []
        swap(&events, &ready)
        host.turn {
            for event in events {
                if let readiness = event.readiness {
                    host.ready(event.descriptor, readiness)
                } else {
                    host.lost(event.descriptor)
                }
            }
        }
        if ready.isEmpty {
            events.removeAll(keepingCapacity: true)
            swap(&events, &ready)
        }
    }

    /// Looks, just before libev does, whether what is new was closed meanwhile: libev would end the program.
    private func checkFresh() {
        guard let loop else { return }
        ev_prepare_stop(loop, prepare.pointer)
        let descriptors = fresh
        fresh.removeAll(keepingCapacity: true)
        for descriptor in descriptors where watchers[descriptor] != nil && !System.isOpen(descriptor) {
            host?.lost(descriptor)
        }
    }

    /// The owner of a borrowed loop is destroying it.
    private func loopEnds() {
        close()
        host?.close()
    }
}
