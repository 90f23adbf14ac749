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
}

extension timespec {
    /// The duration, rounded up and never negative.
    init(_ duration: Duration) {
        let nanoseconds = max(0, duration.clampedNanoseconds)
        self.init(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
    }
}
