#if NIO
import AMQPConnection
import AMQPPosix
import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension AMQPConnection.SocketAddress {
    /// The address in SwiftNIO's type.
    ///
    /// - Throws: the system's error for a path that no address can hold.
    func native() throws(SystemError) -> NIOCore.SocketAddress {
        try withNative { (pointer, _) throws(SystemError) in
            // SAFETY: the case says which structure the pointer leads to.
            let memory = UnsafeRawPointer(pointer)
            return switch self {
            case .ipv4: NIOCore.SocketAddress(memory.load(as: sockaddr_in.self))
            case .ipv6: NIOCore.SocketAddress(memory.load(as: sockaddr_in6.self))
            case .unix: NIOCore.SocketAddress(memory.load(as: sockaddr_un.self))
            }
        }
    }

    /// The address of SwiftNIO's type; `nil` if it is of another family.
    init?(_ address: NIOCore.SocketAddress) {
        if let path = address.pathname, case .unixDomainSocket = address {
            self = .unix(path: path)
            return
        }
        let converted = address.withSockAddr { pointer, count in
            AMQPConnection.SocketAddress(native: pointer, length: socklen_t(count))
        }
        guard let converted else { return nil }
        self = converted
    }
}
#endif
