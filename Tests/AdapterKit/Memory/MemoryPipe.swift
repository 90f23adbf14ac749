public import AMQPConnection

/// A stream in memory: two transports, the client's for a connection and the server's for a script, and the two links
/// between them, where the test cuts, stalls, narrows and splits.
///
/// Bytes that are flushed at one end arrive at the other in a later turn, never inside the call. Closing one end lets the
/// other see the end of the stream behind the last byte; aborting one resets the other.
public final class MemoryPipe {
    /// The end to give to a connection.
    public let client: MemoryTransport
    /// The end for whatever plays the broker.
    public let server: MemoryTransport
    /// What the client sends.
    public let toServer: MemoryLink
    /// What the server sends.
    public let toClient: MemoryLink

    /// Makes a pipe that lives on a virtual loop: arrivals are among the I/O events of its turns.
    public convenience init(on loop: VirtualLoop, address: SocketAddress? = .unix(path: "memory")) {
        self.init(address: address) { delay, event in loop.schedule(after: delay, event) }
    }

    /// Makes a pipe that lives on any loop: arrivals are timers of it.
    public convenience init(onAny loop: any IOLoop, address: SocketAddress? = .unix(path: "memory")) {
        self.init(address: address) { delay, event in loop.callLater(delay, event) }
    }

    private init(address: SocketAddress?, schedule: @escaping (Duration, @escaping () -> Void) -> Void) {
        toServer = MemoryLink(schedule: schedule)
        toClient = MemoryLink(schedule: schedule)
        client = MemoryTransport(outbound: toServer, inbound: toClient, peerAddress: address, schedule: schedule)
        server = MemoryTransport(outbound: toClient, inbound: toServer, peerAddress: nil, schedule: schedule)
        client.attach(peer: server)
        server.attach(peer: client)
    }
}

@available(*, unavailable)
extension MemoryPipe: Sendable {}
