public import AMQPConnection
internal import AMQPPosix

/// A port of loopback that answers no attempt to connect: its queue is full, and nobody accepts.
///
/// That is so on Linux; elsewhere such a port may refuse. It lasts as long as the object.
public final class BlackHole: Sendable {
    /// Where attempts vanish.
    public let address: SocketAddress
    private let listener: PeerListener
    private let crowd: [PeerSocket]

    /// Listens on a free port and fills its queue.
    public init() throws(SystemError) {
        let listener = try PeerListener(backlog: 0)
        var crowd: [PeerSocket] = []
        for _ in 0 ..< 4 { crowd.append(try PeerSocket.connecting(to: listener.address)) }
        self.listener = listener
        self.crowd = crowd
        address = listener.address
    }

    /// The TCP port.
    public var port: UInt16 {
        switch address {
        case .ipv4(_, let port), .ipv6(_, _, let port, _): port
        case .unix: 0
        }
    }
}
