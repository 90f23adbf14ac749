package import AMQPConnection

#if canImport(Glibc)
package import Glibc
#elseif canImport(Musl)
package import Musl
#elseif canImport(Darwin)
package import Darwin
#endif

extension SocketAddress {
    /// Calls `body` with the address as the system's structure.
    ///
    /// - Throws: ENAMETOOLONG if a path does not fit, EINVAL if it is empty or holds a zero byte.
    package func withNative<Value>(
        _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Value
    ) throws(SystemError) -> Value {
        switch self {
        case .ipv4(let address, let port):
            var native = sockaddr_in()
            native.sin_family = sa_family_t(AF_INET)
            native.sin_port = port.bigEndian
            native.sin_addr.s_addr = address.bigEndian
            return try Self.withErased(native, body)
        case .ipv6(let high, let low, let port, let scope):
            var native = sockaddr_in6()
            native.sin6_family = sa_family_t(AF_INET6)
            native.sin6_port = port.bigEndian
            native.sin6_scope_id = scope
            withUnsafeMutableBytes(of: &native.sin6_addr) { bytes in
                // SAFETY: an IPv6 address is 16 bytes, so both halves lie inside it.
                bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
                bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt64.self)
            }
            return try Self.withErased(native, body)
        case .unix(let path):
            var native = sockaddr_un()
            native.sun_family = sa_family_t(AF_UNIX)
            let bytes = Array(path.utf8)
            guard !bytes.isEmpty, !bytes.contains(0) else { throw System.error(EINVAL, of: "connect") }
            let fits = withUnsafeMutableBytes(of: &native.sun_path) { memory in
                // One byte stays zero, which ends the path.
                guard bytes.count < memory.count else { return false }
                memory.copyBytes(from: bytes)
                return true
            }
            guard fits else { throw System.error(ENAMETOOLONG, of: "connect") }
            return try Self.withErased(native, body)
        }
    }

    private static func withErased<Native, Value>(
        _ native: Native, _ body: (UnsafePointer<sockaddr>, socklen_t) throws(SystemError) -> Value
    ) throws(SystemError) -> Value {
        try withUnsafePointer(to: native) { (pointer) throws(SystemError) -> Value in
            // SAFETY: every address structure begins like `sockaddr`, and the length says how long it really is.
            try body(
                UnsafeRawPointer(pointer).assumingMemoryBound(to: sockaddr.self),
                socklen_t(MemoryLayout<Native>.size))
        }
    }

    /// The address in a structure of the system's; `nil` if it is of another family.
    package init?(native pointer: UnsafePointer<sockaddr>, length: socklen_t) {
        // SAFETY: each structure is read only if the family names it and the length covers it.
        let memory = UnsafeRawPointer(pointer)
        switch Int32(pointer.pointee.sa_family) {
        case AF_INET where Int(length) >= MemoryLayout<sockaddr_in>.size:
            let native = memory.loadUnaligned(as: sockaddr_in.self)
            self = .ipv4(UInt32(bigEndian: native.sin_addr.s_addr), port: UInt16(bigEndian: native.sin_port))
        case AF_INET6 where Int(length) >= MemoryLayout<sockaddr_in6>.size:
            let native = memory.loadUnaligned(as: sockaddr_in6.self)
            let halves = withUnsafeBytes(of: native.sin6_addr) { bytes in
                (bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
            }
            self = .ipv6(
                high: UInt64(bigEndian: halves.0), low: UInt64(bigEndian: halves.1),
                port: UInt16(bigEndian: native.sin6_port), scope: native.sin6_scope_id)
        case AF_UNIX:
            let offset = MemoryLayout<sockaddr_un>.offset(of: \.sun_path) ?? 2
            let bytes = UnsafeRawBufferPointer(start: memory + offset, count: max(0, Int(length) - offset))
            self = .unix(path: String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self))
        default:
            return nil
        }
    }

    /// The own or the peer's address of a socket.
    package static func ofSocket(_ descriptor: Int32, peer: Bool) -> SocketAddress? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutablePointer(to: &storage) { pointer in
            // SAFETY: `sockaddr_storage` is large enough for every family and begins like `sockaddr`.
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let result =
                    peer ? getpeername(descriptor, address, &length) : getsockname(descriptor, address, &length)
                guard result == 0 else { return nil }
                return SocketAddress(native: address, length: length)
            }
        }
    }
}
