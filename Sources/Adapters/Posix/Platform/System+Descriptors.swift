package import AMQPConnection

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension System {
    /// Reads into `memory`; `nil` if nothing is there yet, 0 at the end.
    package static func read(
        _ descriptor: Int32, _ memory: UnsafeMutableRawBufferPointer
    ) throws(SystemError) -> Int? {
        while true {
            // SAFETY: the kernel writes at most `memory.count` bytes into memory that the caller owns.
            #if canImport(Glibc)
            let count = Glibc.read(descriptor, memory.baseAddress, memory.count)
            #elseif canImport(Musl)
            let count = Musl.read(descriptor, memory.baseAddress, memory.count)
            #else
            let count = Darwin.read(descriptor, memory.baseAddress, memory.count)
            #endif
            if count >= 0 { return count }
            if errno == EINTR { continue }
            if wouldBlock { return nil }
            throw lastError("read")
        }
    }

    /// Writes to a pipe or file, not a socket: a socket without a reader would raise SIGPIPE.
    package static func write(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int? {
        while true {
            // SAFETY: the kernel reads `bytes.count` bytes of memory that is valid for this call.
            #if canImport(Glibc)
            let count = Glibc.write(descriptor, bytes.baseAddress, bytes.count)
            #elseif canImport(Musl)
            let count = Musl.write(descriptor, bytes.baseAddress, bytes.count)
            #else
            let count = Darwin.write(descriptor, bytes.baseAddress, bytes.count)
            #endif
            if count >= 0 { return count }
            if errno == EINTR { continue }
            if wouldBlock { return nil }
            throw lastError("write")
        }
    }

    /// Closes a descriptor. An interrupted close has closed it, so it is not repeated.
    package static func close(_ descriptor: Int32) {
        #if canImport(Glibc)
        _ = Glibc.close(descriptor)
        #elseif canImport(Musl)
        _ = Musl.close(descriptor)
        #else
        _ = Darwin.close(descriptor)
        #endif
    }

    /// Whether the number is an open descriptor of this process.
    package static func isOpen(_ descriptor: Int32) -> Bool {
        fcntl(descriptor, F_GETFD) >= 0
    }

    /// Makes a descriptor non-blocking, and closed in programs that this one executes.
    package static func prepare(_ descriptor: Int32) throws(SystemError) {
        let flags = fcntl(descriptor, F_GETFL)
        guard flags >= 0, fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) >= 0,
            fcntl(descriptor, F_SETFD, FD_CLOEXEC) >= 0
        else { throw lastError("fcntl") }
        #if canImport(Darwin)
        _ = fcntl(descriptor, F_SETNOSIGPIPE, 1)
        #endif
    }

    /// A pipe whose ends do not block.
    package static func pipe() throws(SystemError) -> (reader: Int32, writer: Int32) {
        var ends: (reader: Int32, writer: Int32) = (-1, -1)
        let result = withUnsafeMutablePointer(to: &ends) { pointer in
            // SAFETY: a tuple of two Int32 has the layout of the array of two that the call fills.
            pointer.withMemoryRebound(to: Int32.self, capacity: 2) { array in
                #if canImport(Glibc)
                Glibc.pipe(array)
                #elseif canImport(Musl)
                Musl.pipe(array)
                #else
                Darwin.pipe(array)
                #endif
            }
        }
        guard result == 0 else { throw lastError("pipe") }
        do {
            try prepare(ends.reader)
            try prepare(ends.writer)
        } catch {
            close(ends.reader)
            close(ends.writer)
            throw error
        }
        return ends
    }
}
