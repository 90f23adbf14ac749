import AMQPConnection
import AMQPPosix
import CLibev

/// The descriptors that libev watches for a backend, and what it has said of them since the last turn.
///
/// libev ends the program if it is given a descriptor that is closed, so each is looked at before libev sees it: when it
/// comes, and again just before libev tells the kernel of it.
final class LibevDescriptors {
    /// What the next turn delivers; no readiness means that libev gave the descriptor up.
    typealias Event = (descriptor: Int32, readiness: Readiness?)

    /// Called for each event, from libev's callbacks.
    var onEvent: () -> Void = {}
    /// Called with a descriptor that was closed before libev told the kernel of it.
    var onLost: (Int32) -> Void = { _ in }

    private let loop: OpaquePointer
    private let prepare = LibevWatcher(ev_prepare())
    private var watchers: [Int32: LibevWatcher<ev_io>] = [:]
    /// Descriptors that libev has not told the kernel of yet.
    private var fresh: [Int32] = []
    private var events: [Event] = []

    init(_ loop: OpaquePointer) {
        self.loop = loop
        clibev_prepare_init(prepare.pointer) { _, watcher, _ in
            LibevDescriptors.at(watcher?.pointee.data)?.checkFresh()
        }
        clibev_set_priority(prepare.pointer, clibev_lowest_priority())
        // SAFETY: the watchers are stopped in `stop`, before the backend lets go of this object, so none has a callback
        // after it is gone; each callback holds it strongly while it runs.
        prepare.pointer.pointee.data = Unmanaged.passUnretained(self).toOpaque()
    }

    /// The object that a watcher's `data` points to.
    private static func at(_ data: UnsafeMutableRawPointer?) -> LibevDescriptors? {
        // SAFETY: only watchers of this file have this callback, and `data` of all of them is such an object that lives.
        data.map { Unmanaged<LibevDescriptors>.fromOpaque($0).takeUnretainedValue() }
    }

    // MARK: Watching

    func watch(_ descriptor: Int32, for interest: Readiness) throws(AMQPError) {
        // What was noted may be about a former user of the number. The new one's readiness comes in the next iteration.
        events.removeAll { $0.descriptor == descriptor }
        guard !interest.isEmpty else {
            guard let watcher = watchers.removeValue(forKey: descriptor) else { return }
            ev_io_stop(loop, watcher.pointer)
            return
        }
        guard System.isOpen(descriptor) else {
            throw AMQPError(.descriptorNotWatchable, blame: .application, "descriptor \(descriptor) is not open")
        }
        var mask: Int32 = 0
        if interest.contains(.readable) { mask |= Int32(EV_READ) }
        if interest.contains(.writable) { mask |= Int32(EV_WRITE) }
        if let watcher = watchers[descriptor] {
            // Also when the events are the same: it makes libev tell the kernel of the number's new file.
            ev_io_stop(loop, watcher.pointer)
            clibev_io_set(watcher.pointer, descriptor, mask)
            ev_io_start(loop, watcher.pointer)
        } else {
            let watcher = LibevWatcher(ev_io())
            clibev_io_init(
                watcher.pointer,
                { _, watcher, events in
                    guard let watcher = watcher?.pointee else { return }
                    LibevDescriptors.at(watcher.data)?.note(watcher.fd, events)
                }, descriptor, mask)
            // SAFETY: as for the watcher in `init`.
            watcher.pointer.pointee.data = Unmanaged.passUnretained(self).toOpaque()
            watchers[descriptor] = watcher
            ev_io_start(loop, watcher.pointer)
        }
        fresh.append(descriptor)
        ev_prepare_start(loop, prepare.pointer)
    }

    /// Watches nothing any more, for good; the loop still exists.
    func stop() {
        for watcher in watchers.values { ev_io_stop(loop, watcher.pointer) }
        ev_prepare_stop(loop, prepare.pointer)
        watchers = [:]
        fresh = []
        events = []
    }

    /// Looks, just before libev does, whether what is new was closed meanwhile.
    private func checkFresh() {
        ev_prepare_stop(loop, prepare.pointer)
        let descriptors = fresh
        fresh.removeAll(keepingCapacity: true)
        for descriptor in descriptors where watchers[descriptor] != nil && !System.isOpen(descriptor) {
            onLost(descriptor)
        }
    }

    // MARK: Events

    var hasEvents: Bool { !events.isEmpty }

    private func note(_ descriptor: Int32, _ mask: Int32) {
        var readiness: Readiness? = []
        if mask & Int32(EV_READ) != 0 { readiness?.insert(.readable) }
        if mask & Int32(EV_WRITE) != 0 { readiness?.insert(.writable) }
        if mask & Int32(EV_ERROR) != 0 { readiness = nil }
        events.append((descriptor, readiness))
        onEvent()
    }

    /// Forgets the events; libev reports again what still holds.
    func dropEvents() {
        events.removeAll(keepingCapacity: true)
    }

    /// Takes the events; what is noted from now on belongs to the next turn.
    func takeEvents() -> [Event] {
        defer { events = [] }
        return events
    }

    /// Takes the memory of a list that was taken back, unless new events have come.
    func reuse(_ taken: consuming [Event]) {
        guard events.isEmpty else { return }
        taken.removeAll(keepingCapacity: true)
        events = taken
    }
}
