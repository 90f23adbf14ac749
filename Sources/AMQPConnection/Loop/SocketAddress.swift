/// Where a stream can be opened to.
public enum SocketAddress: Sendable, Hashable {
    /// An IPv4 address as a number (127.0.0.1 is 0x7F000001), and a port.
    case ipv4(UInt32, port: UInt16)
    /// An IPv6 address as two numbers (::1 is high 0, low 1), a port, and the scope (interface index, 0 for none).
    case ipv6(high: UInt64, low: UInt64, port: UInt16, scope: UInt32)
    /// The path of a UNIX domain socket.
    case unix(path: String)
}

extension SocketAddress: CustomStringConvertible {
    /// The address as people write it: `127.0.0.1:5672`, `[::1]:5672` (groups are not compressed), `unix:/path`.
    public var description: String {
        switch self {
        case .ipv4(let address, let port):
            let parts = [24, 16, 8, 0].map { String((address >> UInt32($0)) & 0xFF) }
            return "\(parts.joined(separator: ".")):\(port)"
        case .ipv6(let high, let low, let port, let scope):
            let groups = [high, low].flatMap { half in
                [48, 32, 16, 0].map { String((half >> UInt64($0)) & 0xFFFF, radix: 16) }
            }
            return "[\(groups.joined(separator: ":"))\(scope == 0 ? "" : "%\(scope)")]:\(port)"
        case .unix(let path):
            return "unix:\(path)"
        }
    }
}
