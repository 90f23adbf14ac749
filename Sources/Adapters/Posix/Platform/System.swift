package import AMQPConnection

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The operating system, as thin typed wrappers: this folder is the only place that imports a C library.
///
/// A call that would block returns `nil`, an interrupted call is repeated, and everything else that fails throws a
/// `SystemError`. Nothing here ever raises SIGPIPE.
package enum System {
    /// The current value of `errno` as the error of a call.
    package static func lastError(_ call: String) -> SystemError {
        error(errno, of: call)
    }

    /// An error number as the error of a call.
    package static func error(_ number: Int32, of call: String) -> SystemError {
        SystemError(call: call, number: number, text: text(of: number))
    }

    /// The system's text for an error number.
    private static func text(of number: Int32) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { buffer in
            // SAFETY: `strerror_r` writes at most `buffer.count` bytes, with a zero at the end, into zeroed memory that
            // lives as long as this call.
            buffer.initialize(repeating: 0)
            guard let start = buffer.baseAddress, strerror_r(number, start, buffer.count) == 0 else {
                return "error \(number)"
            }
            return String(cString: start)
        }
    }

    /// Whether `errno` says that the call would have blocked.
    static var wouldBlock: Bool { errno == EAGAIN || errno == EWOULDBLOCK }

    /// The monotonic clock.
    package static var now: LoopInstant {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return LoopInstant(nanoseconds: UInt64(max(0, time.tv_sec)) &* 1_000_000_000 &+ UInt64(max(0, time.tv_nsec)))
    }

    /// A number that tells the calling thread from all others that are alive.
    package static var currentThread: UInt {
        #if canImport(Glibc)
        pthread_self()
        #else
        UInt(bitPattern: pthread_self())
        #endif
    }

    /// Writes a line to standard error, which is where a loop without a handler reports misuse.
    package static func report(_ line: String) {
        var text = "ochotona: \(line)\n"
        // SAFETY: the bytes are only read, within this call.
        text.withUTF8 { bytes in _ = try? write(2, UnsafeRawBufferPointer(bytes)) }
    }
}
