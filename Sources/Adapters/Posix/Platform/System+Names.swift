package import AMQPConnection

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension System {
    /// Resolves a host name to stream addresses.
    ///
    /// - Parameter numeric: whether `host` must be an address in text; such a call never blocks.
    package static func addresses(
        of host: String, port: UInt16, numeric: Bool
    ) throws(SystemError) -> [SocketAddress] {
        guard !host.utf8.contains(0) else {
            throw SystemError(call: "getaddrinfo", number: EAI_NONAME, text: "a zero byte")
        }
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        #if canImport(Glibc)
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
        hints.ai_socktype = SOCK_STREAM
        #endif
        hints.ai_flags = Int32(numeric ? AI_NUMERICHOST | AI_NUMERICSERV : AI_NUMERICSERV)
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, String(port), &hints, &list)
        // SAFETY: on success the list belongs to us until it is freed; nothing of it is kept.
        defer { if let list { freeaddrinfo(list) } }
        guard code == 0 else {
            if code == EAI_SYSTEM { throw lastError("getaddrinfo") }
            throw SystemError(call: "getaddrinfo", number: code, text: String(cString: gai_strerror(code)))
        }
        var found: [SocketAddress] = []
        var next = list
        while let entry = next {
            if let native = entry.pointee.ai_addr,
                let address = SocketAddress(native: native, length: entry.pointee.ai_addrlen), !found.contains(address)
            {
                found.append(address)
            }
            next = entry.pointee.ai_next
        }
        guard !found.isEmpty else {
            throw SystemError(call: "getaddrinfo", number: EAI_NONAME, text: "the name has no address")
        }
        return found
    }
}
