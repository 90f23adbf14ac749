import AMQPConnection

/// Notes what is to be waited for, and leaves the waiting to the program.
final class EmbeddedBackend: LoopBackend {
    private unowned var host: HostedLoop?
    let waker = WakeDescriptor()
    private(set) var deadline: LoopInstant?
    /// What is watched, the oldest watch first.
    private(set) var watches: [EmbeddedLoop.Watch] = []

    func attach(to host: HostedLoop) {
        self.host = host
    }

    func watch(_ descriptor: Int32, for interest: Readiness) throws(AMQPError) {
        guard interest.isEmpty || System.isOpen(descriptor) else {
            throw AMQPError(.descriptorNotWatchable, blame: .application, "descriptor \(descriptor) is not open")
        }
        let position = watches.firstIndex { $0.descriptor == descriptor }
        switch (position, interest.isEmpty) {
        case (let position?, true): watches.remove(at: position)
        case (let position?, false): watches[position].interest = interest
        case (nil, true): break
        case (nil, false): watches.append(EmbeddedLoop.Watch(descriptor: descriptor, interest: interest))
        }
    }

    func setDeadline(_ instant: LoopInstant?) {
        deadline = instant
    }

    func makeWaker() -> @Sendable () -> Void {
        { [waker] in waker.wake() }
    }

    func runOnce(until limit: LoopInstant?) -> Bool {
        guard let host else { return false }
        var set = PollSet()
        if waker.descriptor >= 0 { set.watch(waker.descriptor, for: .readable) }
        for watch in watches { set.watch(watch.descriptor, for: watch.interest) }
        let timeout = host.timeout(deadline, limit, canBeWoken: waker.descriptor >= 0)
        // It fails only when the system is out of memory; then nothing is ready, and the timers still run.
        let count = (try? System.poll(&set, timeout: timeout)) ?? 0
        waker.reset()
        host.turn {
            guard count > 0 else { return }
            for position in 0 ..< set.count {
                let descriptor = set.descriptor(at: position)
                if set.isInvalid(at: position) { host.lost(descriptor) }
                host.ready(descriptor, set.readiness(at: position))
            }
        }
        return true
    }

    /// What can be had without waiting. A descriptor that was closed counts as ready, so that its callback finds out.
    func readyNow() -> [EmbeddedLoop.Watch] {
        var set = PollSet()
        for watch in watches { set.watch(watch.descriptor, for: watch.interest) }
        guard let count = try? System.poll(&set, timeout: .zero), count > 0 else { return [] }
        return (0 ..< set.count).compactMap { position in
            let readiness = set.isInvalid(at: position) ? [.readable, .writable] : set.readiness(at: position)
            return readiness.isEmpty
                ? nil : EmbeddedLoop.Watch(descriptor: set.descriptor(at: position), interest: readiness)
        }
    }

    func close() {
        waker.close()
    }
}
