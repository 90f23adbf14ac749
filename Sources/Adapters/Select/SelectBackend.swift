import AMQPConnection
import AMQPPosix

/// Waits with select(2).
final class SelectBackend: LoopBackend {
    private unowned var host: HostedLoop?
    private let waker = WakeDescriptor()
    private var readers = DescriptorSet()
    private var writers = DescriptorSet()
    private var readyReaders = DescriptorSet()
    private var readyWriters = DescriptorSet()
    /// The highest watched descriptor, or more.
    private var highest: Int32 = -1
    private var deadline: LoopInstant?

    init() {
        guard DescriptorSet.canHold(waker.descriptor) else { return }
        readers.insert(waker.descriptor)
        highest = waker.descriptor
    }

    func attach(to host: HostedLoop) {
        self.host = host
    }

    func watch(_ descriptor: Int32, for interest: Readiness) throws(AMQPError) {
        guard DescriptorSet.canHold(descriptor) else {
            guard !interest.isEmpty else { return }
            throw AMQPError(
                .descriptorNotWatchable, blame: .application,
                "select(2) cannot watch descriptor \(descriptor); it takes 0 to \(System.selectCapacity - 1)")
        }
        guard interest.isEmpty || System.isOpen(descriptor) else {
            throw AMQPError(
                .descriptorNotWatchable, blame: .application, "descriptor \(descriptor) is not open")
        }
        if interest.contains(.readable) { readers.insert(descriptor) } else { readers.remove(descriptor) }
        if interest.contains(.writable) { writers.insert(descriptor) } else { writers.remove(descriptor) }
        if interest.isEmpty {
            while highest >= 0 && !readers.contains(highest) && !writers.contains(highest) { highest -= 1 }
        } else {
            highest = max(highest, descriptor)
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
        readyReaders.assign(readers)
        readyWriters.assign(writers)
        let timeout = host.timeout(deadline, limit, canBeWoken: readers.contains(waker.descriptor))
        do {
            let count = try System.select(&readyReaders, &readyWriters, count: highest + 1, timeout: timeout)
            if count == 0 {
                readyReaders.removeAll()
                readyWriters.removeAll()
            }
        } catch {
            // A descriptor was closed while it was watched: find it, or every call fails.
            readyReaders.removeAll()
            readyWriters.removeAll()
            let (allReaders, allWriters) = (readers, writers)
            allReaders.forEach(or: allWriters) { if !System.isOpen($0) { host.lost($0) } }
        }
        host.turn {
            readyReaders.forEach(or: readyWriters) { descriptor in
                guard descriptor != waker.descriptor else { return waker.reset() }
                var readiness: Readiness = []
                if readyReaders.contains(descriptor) { readiness.insert(.readable) }
                if readyWriters.contains(descriptor) { readiness.insert(.writable) }
                host.ready(descriptor, readiness)
            }
        }
        return true
    }

    func close() {
        waker.close()
    }
}
