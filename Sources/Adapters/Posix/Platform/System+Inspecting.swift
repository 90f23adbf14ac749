package import AMQPConnection

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What tests look at from outside: sockets that somebody else opened in this process, and how often a thread slept.
extension System {
    /// The descriptor of the socket with this address of its own and this address of its peer; `nil` if this process has
    /// none.
    package static func descriptor(from own: SocketAddress, to peer: SocketAddress) -> Int32? {
        (0 ..< 65536).first {
            SocketAddress.ofSocket($0, peer: true) == peer && SocketAddress.ofSocket($0, peer: false) == own
        }
    }

    /// The options of a TCP socket as the kernel has them; what the system does not have, or what could not be read, is
    /// `nil`.
    package static func options(of descriptor: Int32) -> (noDelay: Bool?, options: SocketOptions) {
        let tcp = Int32(IPPROTO_TCP)
        var options = SocketOptions(
            keepAlive: option(descriptor, level: SOL_SOCKET, SO_KEEPALIVE).map { $0 != 0 } ?? false)
        #if canImport(Darwin)
        options.keepAliveIdle = option(descriptor, level: tcp, TCP_KEEPALIVE)
        #else
        options.keepAliveIdle = option(descriptor, level: tcp, TCP_KEEPIDLE)
        options.userTimeout = option(descriptor, level: tcp, TCP_USER_TIMEOUT)
        #endif
        options.keepAliveInterval = option(descriptor, level: tcp, TCP_KEEPINTVL)
        options.keepAliveCount = option(descriptor, level: tcp, TCP_KEEPCNT)
        return (option(descriptor, level: tcp, TCP_NODELAY).map { $0 != 0 }, options)
    }

    private static func option(_ descriptor: Int32, level: Int32, _ option: Int32) -> Int? {
        var value: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, level, option, &value, &length) == 0 else { return nil }
        return Int(value)
    }

    /// How often the calling thread has given up the processor to wait for something; `nil` where only the process is
    /// counted.
    package static var threadSleepCount: Int? {
        #if os(Linux)
        var usage = rusage()
        // `RUSAGE_THREAD`, which is hidden by default.
        guard getrusage(1, &usage) == 0 else { return nil }
        return Int(usage.ru_nvcsw)
        #else
        return nil
        #endif
    }
}
