package import AMQPConnection

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What the far end of a stream needs, and threads that wait: for test peers, proxies and blocking callers.
extension System {
    /// Which direction of a stream is ended.
    package enum Direction: Sendable {
        case reading, writing, both
    }

    /// Ends one direction of a stream, or both; the descriptor stays open.
    package static func shutDown(_ descriptor: Int32, _ direction: Direction) {
        let how =
            switch direction {
            case .reading: Int32(SHUT_RD)
            case .writing: Int32(SHUT_WR)
            case .both: Int32(SHUT_RDWR)
            }
        _ = shutdown(descriptor, how)
    }

    /// Closes a TCP stream in such a way that the peer sees a reset and not an end.
    package static func closeWithReset(_ descriptor: Int32) {
        resetOnClose(descriptor)
        close(descriptor)
    }

    /// Closes `descriptor` and gives its number to the file of `other`, in one step.
    package static func replace(_ descriptor: Int32, by other: Int32) throws(SystemError) {
        guard dup2(other, descriptor) >= 0 else { throw lastError("dup2") }
    }

    /// Gives a socket kernel buffers of about this many bytes in each direction.
    package static func setBufferSizes(_ descriptor: Int32, _ size: Int) throws(SystemError) {
        try setOption(descriptor, level: SOL_SOCKET, SO_SNDBUF, size)
        try setOption(descriptor, level: SOL_SOCKET, SO_RCVBUF, size)
    }

    /// Blocks the calling thread, which must not be one of Swift's cooperative pool.
    package static func sleep(_ duration: Duration) {
        var time = timespec(duration)
        var rest = timespec()
        while nanosleep(&time, &rest) != 0, errno == EINTR { time = rest }
    }

    /// The processor time that the calling thread has used.
    package static var threadProcessorTime: Duration {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}

/// Places for sockets with a path.
extension System {
    /// Makes a directory of our own, with a short path that a socket's address can hold.
    package static func makeTemporaryDirectory() throws(SystemError) -> String {
        var template = Array("/tmp/ochotona-XXXXXX".utf8CString)
        let path = template.withUnsafeMutableBufferPointer { buffer in
            // SAFETY: the template ends with a zero, and the call writes within its length.
            buffer.baseAddress.flatMap { mkdtemp($0) }.map { String(cString: $0) }
        }
        guard let path else { throw lastError("mkdtemp") }
        return path
    }

    /// Removes an empty directory, if it is there.
    package static func removeDirectory(_ path: String) { _ = rmdir(path) }

    /// Removes a file or a socket's path, if it is there.
    package static func removeFile(_ path: String) { _ = unlink(path) }
}
