package import AMQPConnection

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Questions about one descriptor: for loops that are only told that something happened to it.
extension System {
    /// Another descriptor for the same open file, closed in programs that this one executes.
    package static func duplicate(_ descriptor: Int32) throws(SystemError) -> Int32 {
        let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
        guard copy >= 0 else { throw lastError("fcntl") }
        return copy
    }

    /// Whether both descriptors are open and lead to the same file, socket or pipe.
    package static func isSameFile(_ one: Int32, _ other: Int32) -> Bool {
        var first = stat()
        var second = stat()
        guard fstat(one, &first) == 0, fstat(other, &second) == 0 else { return false }
        return first.st_dev == second.st_dev && first.st_ino == second.st_ino
    }

    /// What a descriptor is ready for now, and whether it has failed or was hung up; an error or hang-up is both.
    package static func probe(_ descriptor: Int32, for interest: Readiness) -> (readiness: Readiness, isOver: Bool) {
        var events: Int16 = 0
        if interest.contains(.readable) { events |= Int16(POLLIN) }
        if interest.contains(.writable) { events |= Int16(POLLOUT) }
        var entry = pollfd(fd: descriptor, events: events, revents: 0)
        // SAFETY: the kernel writes into one local entry during the call.
        #if canImport(Glibc)
        let count = Glibc.poll(&entry, 1, 0)
        #elseif canImport(Musl)
        let count = Musl.poll(&entry, 1, 0)
        #else
        let count = Darwin.poll(&entry, 1, 0)
        #endif
        guard count > 0 else { return ([], false) }
        let isOver = entry.revents & Int16(POLLHUP | POLLERR | POLLNVAL) != 0
        var readiness: Readiness = []
        if isOver || entry.revents & Int16(POLLIN) != 0 { readiness.insert(.readable) }
        if isOver || entry.revents & Int16(POLLOUT) != 0 { readiness.insert(.writable) }
        return (readiness, isOver)
    }
}
