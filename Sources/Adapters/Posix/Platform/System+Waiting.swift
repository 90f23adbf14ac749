package import AMQPConnection

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension System {
    /// The number of descriptors that select(2) can watch: 0 ..< 1024 nearly everywhere.
    package static let selectCapacity = MemoryLayout<fd_set>.size * 8

    /// Waits until a descriptor of the sets is ready or the time is over.
    ///
    /// - Parameters:
    ///   - readers: the descriptors to read from, one bit each; afterwards the ones that are ready.
    ///   - writers: the same for writing.
    ///   - count: the highest descriptor in either set, plus one.
    ///   - timeout: how long to wait, never less; `nil` waits for ever.
    /// - Returns: the number of ready bits; 0 also if a signal came.
    package static func select(
        _ readers: inout DescriptorSet, _ writers: inout DescriptorSet, count: Int32, timeout: Duration?
    ) throws(SystemError) -> Int {
        let result = readers.withMutableNative { readers in
            writers.withMutableNative { writers in
                // SAFETY: both sets are whole `fd_set`s, so the kernel writes inside them whatever `count` is.
                if let timeout {
                    var time = timespec(timeout)
                    return pselect(count, readers, writers, nil, &time, nil)
                }
                return pselect(count, readers, writers, nil, nil, nil)
            }
        }
        if result >= 0 { return Int(result) }
        guard errno == EINTR else { throw lastError("select") }
        readers.removeAll()
        writers.removeAll()
        return 0
    }

    /// Waits until one of the descriptors is ready or the time is over.
    ///
    /// - Parameter timeout: how long to wait, rounded up to milliseconds; `nil` waits for ever.
    /// - Returns: the number of descriptors that are ready; 0 also if a signal came.
    package static func poll(_ set: inout PollSet, timeout: Duration?) throws(SystemError) -> Int {
        let milliseconds = timeout.map(pollMilliseconds) ?? -1
        let result = set.withNative { (entries, count) -> Int32 in
            // SAFETY: the kernel writes into `count` entries that the set owns, and nobody else during the call.
            #if canImport(Glibc)
            Glibc.poll(entries, nfds_t(count), milliseconds)
            #elseif canImport(Musl)
            Musl.poll(entries, nfds_t(count), milliseconds)
            #else
            Darwin.poll(entries, nfds_t(count), milliseconds)
            #endif
        }
        if result >= 0 { return Int(result) }
        guard errno == EINTR else { throw lastError("poll") }
        return 0
    }

    /// A time as poll(2) takes it: in milliseconds, rounded up, so that no timer is early.
    package static func pollMilliseconds(_ duration: Duration) -> Int32 {
        let nanoseconds = max(0, duration.clampedNanoseconds)
        return Int32(clamping: nanoseconds / 1_000_000 + (nanoseconds % 1_000_000 > 0 ? 1 : 0))
    }

    /// Waits for one descriptor, without a loop.
    ///
    /// - Returns: what it is ready for; nothing when the time is over.
    package static func wait(for interest: Readiness, of descriptor: Int32, atMost limit: Duration) -> Readiness {
        var set = PollSet()
        set.watch(descriptor, for: interest)
        guard let count = try? poll(&set, timeout: limit), count > 0 else { return [] }
        return set.readiness(at: 0)
    }
}

extension timespec {
    /// The duration, rounded up and never negative.
    init(_ duration: Duration) {
        let nanoseconds = max(0, duration.clampedNanoseconds)
        self.init(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    }
}
