#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The descriptors that poll(2) waits for.
package struct PollSet {
    private var entries: [pollfd] = []
    private var positions: [Int32: Int] = [:]

    package init() {}

    /// The number of descriptors.
    package var count: Int { entries.count }

    /// Watches a descriptor for something else, or for nothing any more.
    package mutating func watch(_ descriptor: Int32, for interest: Readiness) {
        if interest.isEmpty { return remove(descriptor) }
        var events: Int16 = 0
        if interest.contains(.readable) { events |= Int16(POLLIN) }
        if interest.contains(.writable) { events |= Int16(POLLOUT) }
        if let position = positions[descriptor] {
            entries[position].events = events
        } else {
            positions[descriptor] = entries.count
            entries.append(pollfd(fd: descriptor, events: events, revents: 0))
        }
    }

    private mutating func remove(_ descriptor: Int32) {
        guard let position = positions.removeValue(forKey: descriptor) else { return }
        let last = entries.removeLast()
        guard position < entries.count else { return }
        entries[position] = last
        positions[last.fd] = position
    }

    /// The descriptor of an entry.
    package func descriptor(at position: Int) -> Int32 {
        entries[position].fd
    }

    /// Whether the entry's descriptor is not open.
    package func isInvalid(at position: Int) -> Bool {
        entries[position].revents & Int16(POLLNVAL) != 0
    }

    /// What the last poll found; an error or hang-up is both.
    package func readiness(at position: Int) -> Readiness {
        let events = entries[position].revents
        var readiness: Readiness = []
        if events & Int16(POLLIN | POLLHUP | POLLERR) != 0 { readiness.insert(.readable) }
        if events & Int16(POLLOUT | POLLHUP | POLLERR) != 0 { readiness.insert(.writable) }
        return readiness
    }

    mutating func withNative<Value>(_ body: (UnsafeMutablePointer<pollfd>?, Int) -> Value) -> Value {
        entries.withUnsafeMutableBufferPointer { body($0.baseAddress, $0.count) }
    }
}
