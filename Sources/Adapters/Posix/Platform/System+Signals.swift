package import AMQPConnection
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Where the handler of SIGINT writes to: the end of a pipe that is made once and stays, so that a signal can never write
/// into a descriptor that has been given to something else. -1 while there is none.
private let interruptDescriptor = Atomic<Int32>(-1)

/// How often somebody asked for the next SIGINT.
private let interruptRequests = Atomic<Int>(0)

/// Runs inside the signal: only what is safe there, an atomic load, write(2) and signal(2); errno is left as it was.
private func interrupted(_ number: Int32) {
    let saved = errno
    var byte: UInt8 = 1
    _ = write(interruptDescriptor.load(ordering: .sequentiallyConsistent), &byte, 1)
    _ = signal(number, SIG_DFL)
    errno = saved
}

extension System {
    /// The pipe that SIGINT writes to, made with the first use.
    private static let interruptPipe = Result { () throws(SystemError) in try pipe() }

    /// The pipe's end to read from; it is the same for the whole process, and stays open.
    package static func interruptReader() throws(SystemError) -> Int32 {
        try interruptPipe.get().reader
    }

    /// Takes out of the pipe what is in it.
    package static func discardInterrupts() {
        guard let pipe = try? interruptPipe.get() else { return }
        withUnsafeTemporaryAllocation(byteCount: 16, alignment: 1) { memory in
            while let count = try? read(pipe.reader, memory), count > 0 {}
        }
    }

    /// Has the next SIGINT (Ctrl-C) write one byte to the pipe instead of ending the program; the one after that ends it
    /// again. It does nothing if there is no pipe.
    ///
    /// - Returns: the number of the request.
    package static func notifyInterrupt() -> Int {
        let request = interruptRequests.add(1, ordering: .sequentiallyConsistent).newValue
        guard let pipe = try? interruptPipe.get() else { return request }
        interruptDescriptor.store(pipe.writer, ordering: .sequentiallyConsistent)
        _ = signal(SIGINT, interrupted)
        return request
    }

    /// Has the next SIGINT end the program again, if no later request asked for something else.
    package static func forgetInterrupt(_ request: Int) {
        guard interruptRequests.load(ordering: .sequentiallyConsistent) == request else { return }
        _ = signal(SIGINT, SIG_DFL)
    }
}
