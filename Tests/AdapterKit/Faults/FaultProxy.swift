public import AMQPConnection
internal import AMQPPosix

/// A TCP proxy on loopback, on threads of its own, that does to a stream what networks do: it cuts, resets, stalls,
/// splits and throttles.
///
/// Each connection that it accepts leads to the target; the plans are those at the time of the connection. It ends with
/// ``close()``, or when it is dropped.
public final class FaultProxy: Sendable {
    private final class State: Sendable {
        let plans: Guarded<(toServer: FaultPlan, toClient: FaultPlan)>
        let isOver = Guarded(false)

        init(_ toServer: FaultPlan, _ toClient: FaultPlan) {
            plans = Guarded((toServer, toClient))
        }

        var isClosed: Bool { isOver.withLock { $0 } }
    }

    /// Where clients connect to.
    public let address: SocketAddress
    private let state: State
    private let listener: PeerListener

    /// Listens on a port of loopback that is free.
    ///
    /// - Parameters:
    ///   - target: where each connection leads.
    ///   - toServer: what happens to the clients' bytes.
    ///   - toClient: what happens to the server's bytes.
    public init(
        to target: SocketAddress, toServer: FaultPlan = FaultPlan(), toClient: FaultPlan = FaultPlan()
    ) throws(SystemError) {
        let listener = try PeerListener()
        let state = State(toServer, toClient)
        self.listener = listener
        self.state = state
        address = listener.address
        try System.detachThread { FaultProxy.serve(listener, target, state) }
    }

    deinit { close() }

    /// Sets the plans for connections that come from now on.
    public func setPlans(toServer: FaultPlan = FaultPlan(), toClient: FaultPlan = FaultPlan()) {
        state.plans.withLock { $0 = (toServer, toClient) }
    }

    /// Ends the proxy and all its connections.
    public func close() {
        state.isOver.withLock { $0 = true }
    }

    private static func serve(_ listener: PeerListener, _ target: SocketAddress, _ state: State) {
        while !state.isClosed {
            guard let client = listener.accept(within: .milliseconds(50)) else { continue }
            guard let server = try? PeerSocket.connecting(to: target) else {
                client.reset()
                continue
            }
            let plans = state.plans.withLock { $0 }
            pump(from: client, to: server, plans.toServer, state)
            pump(from: server, to: client, plans.toClient, state)
        }
        listener.close()
    }

    /// Carries one direction on a thread of its own.
    private static func pump(from source: PeerSocket, to target: PeerSocket, _ plan: FaultPlan, _ state: State) {
        _ = Gate.afterThread {
            var passed = 0
            while !state.isClosed {
                if let cutAfter = plan.cutAfter, passed >= cutAfter { return lose(source, target, plan.cut) }
                let allowed = min(
                    (plan.cutAfter ?? .max) - passed, (plan.stallAfter ?? .max) - passed, plan.pieceSize ?? 65536,
                    plan.bytesPerSecond.map { max($0 / 100, 1) } ?? 65536)
                guard allowed > 0 else {
                    // Stalled: only an end of the other side's making ends this.
                    System.sleep(.milliseconds(5))
                    if source.isClosed || target.isClosed { return }
                    continue
                }
                do throws(SystemError) {
                    guard let bytes = try source.read(upTo: allowed) else {
                        _ = source.wait(forReading: true, within: .milliseconds(20))
                        if source.isClosed { return }
                        continue
                    }
                    guard !bytes.isEmpty else { return target.shutDown(.writing) }
                    guard target.writeAll(bytes, within: .seconds(30)) else {
                        return lose(source, target, .endOfStream)
                    }
                    passed += bytes.count
                } catch {
                    return lose(source, target, .reset)
                }
                if plan.bytesPerSecond != nil { System.sleep(.milliseconds(10)) }
            }
            lose(source, target, .endOfStream)
        }
    }

    private static func lose(_ source: PeerSocket, _ target: PeerSocket, _ cut: StreamCut) {
        for socket in [source, target] {
            switch cut {
            case .reset: socket.reset()
            case .endOfStream: socket.shutDown(.both)
            }
        }
    }
}
