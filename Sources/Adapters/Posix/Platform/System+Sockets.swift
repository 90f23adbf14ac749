package import AMQPConnection
package import AMQPProtocol

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension System {
    #if canImport(Darwin)
    /// `F_SETNOSIGPIPE` keeps the signal away there.
    private static let noSignal: Int32 = 0
    #else
    private static let noSignal = Int32(MSG_NOSIGNAL)
    #endif

    #if canImport(Glibc)
    /// A stream that does not block, and that programs which another thread starts meanwhile do not inherit.
    private static let streamKind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    #elseif canImport(Musl)
    private static let streamKind = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC
    #else
    private static let streamKind = SOCK_STREAM
    #endif

    /// A non-blocking stream socket for the address's family.
    package static func socket(for address: SocketAddress) throws(SystemError) -> Int32 {
        let family =
            switch address {
            case .ipv4: AF_INET
            case .ipv6: AF_INET6
            case .unix: AF_UNIX
            }
        #if canImport(Glibc)
        let descriptor = Glibc.socket(family, streamKind, 0)
        #elseif canImport(Musl)
        let descriptor = Musl.socket(family, streamKind, 0)
        #else
        let descriptor = Darwin.socket(family, streamKind, 0)
        #endif
        guard descriptor >= 0 else { throw lastError("socket") }
        do {
            try prepare(descriptor)
        } catch {
            close(descriptor)
            throw error
        }
        return descriptor
    }

    /// A pair of connected non-blocking stream sockets.
    package static func socketPair() throws(SystemError) -> (Int32, Int32) {
        var ends: (Int32, Int32) = (-1, -1)
        let result = withUnsafeMutablePointer(to: &ends) { pointer in
            // SAFETY: a tuple of two Int32 has the layout of the array of two that the call fills.
            pointer.withMemoryRebound(to: Int32.self, capacity: 2) { socketpair(AF_UNIX, streamKind, 0, $0) }
        }
        guard result == 0 else { throw lastError("socketpair") }
        do {
            try prepare(ends.0)
            try prepare(ends.1)
        } catch {
            close(ends.0)
            close(ends.1)
            throw error
        }
        return ends
    }

    /// Begins to connect.
    ///
    /// - Returns: whether the socket is connected already; if not, it becomes writable when the outcome is known.
    package static func connect(_ descriptor: Int32, to address: SocketAddress) throws(SystemError) -> Bool {
        let result = try address.withNative { (pointer, length) throws(SystemError) -> Int32 in
            #if canImport(Glibc)
            Glibc.connect(descriptor, pointer, length)
            #elseif canImport(Musl)
            Musl.connect(descriptor, pointer, length)
            #else
            Darwin.connect(descriptor, pointer, length)
            #endif
        }
        if result == 0 { return true }
        // An interrupted connect goes on in the background like one in progress.
        if errno == EINPROGRESS || errno == EINTR { return false }
        throw lastError("connect")
    }

    /// The outcome of a connect that was in progress.
    package static func finishConnect(_ descriptor: Int32) throws(SystemError) {
        var number: Int32 = 0
        var length = socklen_t(MemoryLayout<Int32>.size)
        guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &length) == 0 else {
            throw lastError("getsockopt")
        }
        guard number == 0 else { throw error(number, of: "connect") }
    }

    /// Whether a TCP socket is connected to itself.
    ///
    /// A connect to a local port that nobody listens on, but that lies in the range that the system takes local ports
    /// from, can meet itself; the port would then be taken for as long as we believed that this is a broker.
    package static func isConnectedToItself(_ descriptor: Int32) -> Bool {
        guard let own = SocketAddress.ofSocket(descriptor, peer: false),
            let peer = SocketAddress.ofSocket(descriptor, peer: true)
        else { return false }
        if case .unix = own { return false }
        return own == peer
    }

    /// Sets an option whose value is an integer.
    package static func setOption(
        _ descriptor: Int32, level: Int32, _ option: Int32, _ value: Int
    ) throws(SystemError) {
        var value = Int32(clamping: value)
        guard setsockopt(descriptor, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
            throw lastError("setsockopt")
        }
    }

    /// Sets `TCP_NODELAY` and the options that the user asked for; a UNIX domain socket has none of them.
    package static func configure(_ descriptor: Int32, _ options: SocketOptions) throws(SystemError) {
        let tcp = Int32(IPPROTO_TCP)
        try setOption(descriptor, level: tcp, TCP_NODELAY, 1)
        if options.probesPeer { try setOption(descriptor, level: SOL_SOCKET, SO_KEEPALIVE, 1) }
        #if canImport(Darwin)
        if let idle = options.keepAliveIdle { try setOption(descriptor, level: tcp, TCP_KEEPALIVE, idle) }
        #else
        if let idle = options.keepAliveIdle { try setOption(descriptor, level: tcp, TCP_KEEPIDLE, idle) }
        if let timeout = options.userTimeout { try setOption(descriptor, level: tcp, TCP_USER_TIMEOUT, timeout) }
        #endif
        if let interval = options.keepAliveInterval {
            try setOption(descriptor, level: tcp, TCP_KEEPINTVL, interval)
        }
        if let count = options.keepAliveCount { try setOption(descriptor, level: tcp, TCP_KEEPCNT, count) }
    }

    /// Sends one piece; `nil` if the socket takes nothing now.
    package static func send(_ descriptor: Int32, _ bytes: ByteSlice) throws(SystemError) -> Int? {
        try bytes.withUnsafeBytes { (memory) throws(SystemError) -> Int? in
            while true {
                // SAFETY: the kernel reads `memory.count` bytes of memory that the slice keeps alive.
                #if canImport(Glibc)
                let count = Glibc.send(descriptor, memory.baseAddress, memory.count, noSignal)
                #elseif canImport(Musl)
                let count = Musl.send(descriptor, memory.baseAddress, memory.count, noSignal)
                #else
                let count = Darwin.send(descriptor, memory.baseAddress, memory.count, noSignal)
                #endif
                if count >= 0 { return count }
                if errno == EINTR { continue }
                if wouldBlock { return nil }
                throw lastError("send")
            }
        }
    }

    /// Sends several pieces in one call, at most 64; `nil` if the socket takes nothing now.
    package static func send(_ descriptor: Int32, _ pieces: ArraySlice<ByteSlice>) throws(SystemError) -> Int? {
        let pieces = pieces.prefix(64)
        let count = withUnsafeTemporaryAllocation(of: iovec.self, capacity: max(pieces.count, 1)) { vector in
            // SAFETY: each vector points at the bytes of a slice, whose chunk stays where it is for as long as `pieces`
            // holds it, which is until this function returns; the kernel only reads. The stack memory of the vectors
            // is initialised up to `used` and lives until the closure returns.
            var used = 0
            for piece in pieces {
                piece.withUnsafeBytes { memory in
                    vector.initializeElement(
                        at: used,
                        to: iovec(
                            iov_base: UnsafeMutableRawPointer(mutating: memory.baseAddress), iov_len: memory.count))
                }
                used += 1
            }
            var message = msghdr()
            message.msg_iov = vector.baseAddress
            message.msg_iovlen = numericCast(used)
            while true {
                let count = sendmsg(descriptor, &message, noSignal)
                if count >= 0 || errno != EINTR { return count }
            }
        }
        if count >= 0 { return count }
        if wouldBlock { return nil }
        throw lastError("sendmsg")
    }

    /// Ends the sending direction: the peer reads to the end of what was sent.
    package static func shutdownSending(_ descriptor: Int32) {
        _ = shutdown(descriptor, Int32(SHUT_WR))
    }
}
