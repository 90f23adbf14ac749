internal import AMQPPosix
internal import AdapterKit

/// A program with a poll(2) loop of its own, in which an `EmbeddedLoop` is embedded by hand: it asks what to wait for,
/// waits for that next to its own timers, and says what it found. The library's own way to run such a loop is not used.
final class EmbedderHost {
    private let loop = EmbeddedLoop()
    private var timers: [(due: LoopInstant, callback: () -> Void)] = []
    private var isStopped = false

    private func callLater(_ delay: Duration, _ callback: @escaping () -> Void) {
        timers.append((loop.now.advanced(by: delay), callback))
    }

    private func run() {
        while !isStopped {
            if loop.isClosed {
                waitForTimers()
            } else if loop.watches.count > 1 {
                serveAll()
            } else {
                serveOne()
            }
            runTimers()
        }
        isStopped = false
    }

    /// The face for one connection.
    private func serveOne() {
        var interest: Readiness = []
        if loop.wantsRead { interest.insert(.readable) }
        if loop.wantsWrite { interest.insert(.writable) }
        let descriptor = loop.fileDescriptor
        var set = PollSet()
        set.watch(loop.wakeDescriptor, for: .readable)
        if let descriptor { set.watch(descriptor, for: interest) }
        let found = wait(&set, until: loop.nextDeadline)
        let ready = descriptor.flatMap { found[$0] } ?? []
        loop.process(readable: ready.contains(.readable), writable: ready.contains(.writable))
    }

    /// The face for any number of connections.
    private func serveAll() {
        let watches = loop.watches
        var set = PollSet()
        set.watch(loop.wakeDescriptor, for: .readable)
        for watch in watches { set.watch(watch.descriptor, for: watch.interest) }
        let found = wait(&set, until: loop.nextTimeout.map { loop.now.advanced(by: $0) })
        loop.process(
            watches.compactMap { watch in
                found[watch.descriptor].map { EmbeddedLoop.Watch(descriptor: watch.descriptor, interest: $0) }
            })
    }

    private func waitForTimers() {
        var set = PollSet()
        _ = wait(&set, until: nil)
    }

    /// Waits, but no longer than for the program's own timers, and gives what is ready.
    private func wait(_ set: inout PollSet, until deadline: LoopInstant?) -> [Int32: Readiness] {
        let end = (timers.map(\.due) + [deadline].compactMap { $0 }).min()
        let count = (try? System.poll(&set, timeout: end.map { max(.zero, loop.now.duration(to: $0)) })) ?? 0
        guard count > 0 else { return [:] }
        var found: [Int32: Readiness] = [:]
        for position in 0 ..< set.count where !set.readiness(at: position).isEmpty {
            found[set.descriptor(at: position)] = set.readiness(at: position)
        }
        return found
    }

    private func runTimers() {
        let now = loop.now
        let due = timers.filter { $0.due <= now }
        timers.removeAll { $0.due <= now }
        for timer in due { timer.callback() }
    }

    /// What the kit drives: the program's loop is the host's, and the library's loop is borrowed by it.
    static func make() -> LoopHost {
        let host = EmbedderHost()
        var described = LoopHost(hosted: host.loop)
        described.run = { host.run() }
        described.stop = { host.isStopped = true }
        described.close = {
            // In a callback a check closes the loop to see whether its host goes on; outside it ends.
            if !host.loop.isInTurn { host.timers = [] }
            host.loop.close()
        }
        described.foreign = LoopHost.Foreign(
            callLater: host.callLater, run: described.run, stop: described.stop)
        return described
    }
}
