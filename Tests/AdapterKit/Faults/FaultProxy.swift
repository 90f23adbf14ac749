public import AMQPConnection
internal import AMQPPosix

/// A TCP proxy on loopback, on threads of its own, that does to a stream what networks do: it cuts, resets, stalls,
/// splits and throttles.
///
/// Each connection that it accepts leads to the target; the plans are those at the time of the connection. What is to
/// happen at a moment that no number of bytes tells is asked for with ``stall(toServer:toClient:)``,
/// ``inject(toServer:)`` and ``inject(toClient:)``. It ends with ``close()``, or when it is dropped.
public final class FaultProxy: Sendable {
    private final class State: Sendable {
        let plans: Guarded<(toServer: FaultPlan, toClient: FaultPlan)>
        let isOver = Guarded(false)
        /// What was asked for while connections lived.
        let orders = Guarded(Orders())

        init(_ toServer: FaultPlan, _ toClient: FaultPlan) {
            plans = Guarded((toServer, toClient))
        }

        var isClosed: Bool { isOver.withLock { $0 } }

        func isStalled(_ direction: Direction) -> Bool { orders.withLock { $0.stalled.contains(direction) } }

        /// The bytes to be put into a direction; they are given once.
        func takeInjected(_ direction: Direction) -> [UInt8] {
            orders.withLock { $0.injected.removeValue(forKey: direction) ?? [] }
        }
    }

    private enum Direction: Sendable, Hashable { case toServer, toClient }

    private struct Orders: Sendable {
        var stalled: Set<Direction> = []
        var injected: [Direction: [UInt8]] = [:]
    }

    /// Where clients connect to.
    public let address: SocketAddress
    private let state: State
    private let listener: PeerListener

    /// Listens on a port of loopback that is free, or where it is told to.
    ///
    /// - Parameters:
    ///   - target: where each connection leads.
    ///   - address: where to listen; a TCP port of 0 takes one that is free, a path must not exist.
    ///   - toServer: what happens to the clients' bytes.
    ///   - toClient: what happens to the server's bytes.
    public init(
        to target: SocketAddress, listeningOn address: SocketAddress = .ipv4(0x7F00_0001, port: 0),
        toServer: FaultPlan = FaultPlan(), toClient: FaultPlan = FaultPlan()
    ) throws(SystemError) {
        let listener = try PeerListener(on: address)
        let state = State(toServer, toClient)
        self.listener = listener
        self.state = state
        self.address = listener.address
        try System.detachThread { FaultProxy.serve(listener, target, state) }
    }

    deinit { close() }

    /// Sets the plans for connections that come from now on.
    public func setPlans(toServer: FaultPlan = FaultPlan(), toClient: FaultPlan = FaultPlan()) {
        state.plans.withLock { $0 = (toServer, toClient) }
    }

    /// Sets which directions pass nothing on from now on; the streams are kept, and go on where they stopped.
    public func stall(toServer: Bool, toClient: Bool) {
        state.orders.withLock { orders in
            orders.stalled = []
            if toServer { orders.stalled.insert(.toServer) }
            if toClient { orders.stalled.insert(.toClient) }
        }
    }

    /// Puts bytes into the stream to the server, behind all that the client has sent and before what it sends later: so
    /// they stand between its frames if it is idle. With several connections one of them gets them.
    public func inject(toServer bytes: [UInt8]) {
        state.orders.withLock { $0.injected[.toServer, default: []] += bytes }
    }

    /// Puts bytes into the stream to the client, behind all that the server has sent and before what it sends later: so
    /// they stand between its frames if it is idle. With several connections one of them gets them.
    public func inject(toClient bytes: [UInt8]) {
        state.orders.withLock { $0.injected[.toClient, default: []] += bytes }
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
            pump(.toServer, from: client, to: server, plans.toServer, state)
            pump(.toClient, from: server, to: client, plans.toClient, state)
        }
        listener.close()
    }

    /// Carries one direction on a thread of its own.
    private static func pump(
        _ direction: Direction, from source: PeerSocket, to target: PeerSocket, _ plan: FaultPlan, _ state: State
    ) {
        _ = Gate.afterThread {
            var passed = 0
            while !state.isClosed {
                if let cutAfter = plan.cutAfter, passed >= cutAfter {
                    // A stream that is cut before its first byte is cut when that byte comes: the other side has seen
                    // its connection succeed by then.
                    while passed == 0, !state.isClosed, !source.isClosed, !target.isClosed,
                        !source.wait(forReading: true, within: .milliseconds(20))
                    {}
                    return lose(source, target, plan.cut)
                }
                let allowed = min(
                    (plan.cutAfter ?? .max) - passed, (plan.stallAfter ?? .max) - passed, plan.pieceSize ?? 65536,
                    plan.bytesPerSecond.map { max($0 / 100, 1) } ?? 65536)
                guard allowed > 0, !state.isStalled(direction) else {
                    // Stalled: only an end of the other side's making ends this.
                    System.sleep(.milliseconds(5))
                    if source.isClosed || target.isClosed { return }
                    continue
                }
                do throws(SystemError) {
                    guard let bytes = try source.read(upTo: allowed) else {
                        target.writeAll(state.takeInjected(direction), within: .seconds(30))
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
