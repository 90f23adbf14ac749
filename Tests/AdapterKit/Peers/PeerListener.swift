internal import AMQPConnection
internal import AMQPPosix

/// A socket that listens on loopback or on a path, for checks that connect.
final class PeerListener: Sendable {
    /// Where it listens, with the port that the system chose.
    let address: SocketAddress
    private let socket: PeerSocket

    /// Listens; a TCP port of 0 takes one that is free.
    init(on address: SocketAddress = .ipv4(0x7F00_0001, port: 0), backlog: Int32 = 128) throws(SystemError) {
        socket = PeerSocket(adopting: try System.listen(on: address, backlog: backlog))
        if case .unix = address {
            self.address = address
        } else {
            self.address = SocketAddress.ofSocket(socket.descriptor, peer: false) ?? address
        }
    }

    /// An address of loopback that nobody listens on: it was free a moment ago.
    static func refusing(_ address: SocketAddress = .ipv4(0x7F00_0001, port: 0)) throws(SystemError) -> SocketAddress {
        let listener = try PeerListener(on: address)
        listener.close()
        return listener.address
    }

    /// The descriptor that becomes readable when a connection waits.
    var descriptor: Int32 { socket.descriptor }

    /// The next connection, waiting for it at most that long.
    func accept(within limit: Duration = .seconds(5)) -> PeerSocket? {
        let end = System.now.advanced(by: limit)
        while true {
            do throws(SystemError) {
                if let number = try System.accept(socket.descriptor) { return PeerSocket(adopting: number) }
            } catch {
                return nil
            }
            guard socket.wait(forReading: true, within: System.now.duration(to: end)) else { return nil }
        }
    }

    func close() { socket.close() }
}
