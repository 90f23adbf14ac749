public import AMQPConnection
internal import AMQPPosix

/// A scripted broker at a TCP port of loopback, on threads of its own: for clients of any kind, in any loop.
///
/// Every connection has a ``ScriptedBroker`` of its own; all record in one place. It ends with ``close()``, or when it
/// is dropped.
public final class BrokerServer: Sendable {
    private final class State: Sendable {
        let script: BrokerScript
        let record = BrokerRecord()
        let isOver = Guarded(false)

        init(_ script: BrokerScript) { self.script = script }

        var isClosed: Bool { isOver.withLock { $0 } }
    }

    /// Where clients connect to.
    public let address: SocketAddress
    private let state: State

    /// Listens on a port that is free.
    public init(_ script: BrokerScript = BrokerScript()) throws(SystemError) {
        let listener = try PeerListener()
        let state = State(script)
        self.state = state
        address = listener.address
        try System.detachThread {
            while !state.isClosed {
                guard let peer = listener.accept(within: .milliseconds(50)) else { continue }
                _ = Gate.afterThread { BrokerServer.serve(peer, state) }
            }
            listener.close()
        }
    }

    deinit { close() }

    /// What the broker has seen on all its connections.
    public var record: BrokerRecord { state.record }

    /// The TCP port.
    public var port: UInt16 {
        switch address {
        case .ipv4(_, let port), .ipv6(_, _, let port, _): port
        case .unix: 0
        }
    }

    /// Ends the broker and its connections.
    public func close() { state.isOver.withLock { $0 = true } }

    private static func serve(_ peer: PeerSocket, _ state: State) {
        let broker = ScriptedBroker(
            state.script, record: state.record, write: { peer.writeAll($0, within: .seconds(10)) },
            finish: { cut in
                switch cut {
                case .reset: peer.reset()
                case .endOfStream: peer.close()
                case nil: peer.shutDown(.writing)
                }
            })
        var nextHeartbeat: LoopInstant?
        while !state.isClosed, !peer.isClosed {
            do throws(SystemError) {
                if let bytes = try peer.read() {
                    if bytes.isEmpty { break }
                    bytes.withUnsafeBytes { broker.receive($0) }
                } else {
                    _ = peer.wait(forReading: true, within: .milliseconds(20))
                }
            } catch {
                break
            }
            guard let heartbeat = broker.tuned?.heartbeat, heartbeat > 0, broker.script.sendsHeartbeats else {
                continue
            }
            let now = System.now
            if let due = nextHeartbeat, due <= now { broker.sendHeartbeat() }
            if nextHeartbeat.map({ $0 <= now }) ?? true {
                nextHeartbeat = now.advanced(by: .milliseconds(500 * Int(heartbeat)))
            }
        }
        broker.end(nil)
        state.record.addEnd()
        peer.close()
    }
}
