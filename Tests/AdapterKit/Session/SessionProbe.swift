internal import AMQPConnection

/// Watches a connection's own events: it opens at most once, ends exactly once, and is silent after that (law L5).
final class SessionProbe {
    /// Called with the error that the connection ended with.
    var onEnd: (AMQPError) -> Void
    private(set) var openCount = 0
    private(set) var ends: [AMQPError] = []
    private(set) weak var connection: Connection?
    private let check: CheckRun

    /// Connects to a broker of the kit's; by default the end of the connection finishes the check.
    @discardableResult
    init(
        _ check: CheckRun, _ parameters: ConnectionParameters, on loop: (any IOLoop)? = nil,
        _ onOpen: @escaping (Connection, SessionProbe) -> Void
    ) {
        self.check = check
        onEnd = { _ in check.loop.callLater(.milliseconds(10)) { check.finish() } }
        check.duringCall("Connection()") {
            let made = Connection(
                parameters, on: loop ?? check.loop,
                onOpen: { [self] connection in
                    event("onOpen")
                    openCount += 1
                    check.expectEqual(openCount, 1, "calls of onOpen")
                    onOpen(connection, self)
                },
                onOpenError: { [self] _, error in
                    event("onOpenError")
                    check.expect(openCount == 0, "onOpenError came for a connection that was open")
                    ended(error)
                },
                onClose: { [self] _, error in
                    event("onClose")
                    check.expect(openCount == 1, "onClose came for a connection that never was open")
                    ended(error)
                })
            connection = made
        }
    }

    /// Notes an event that must come outside of calls and before the connection's end.
    func event(_ name: String) {
        check.entered(name)
        check.expect(ends.isEmpty, "\(name) came after the end of the connection")
    }

    private func ended(_ error: AMQPError) {
        ends.append(error)
        onEnd(error)
    }
}

extension CheckRun {
    /// Parameters for a broker of the kit's, without heartbeats unless they are asked for.
    func parameters(
        _ address: SocketAddress, heartbeat: UInt16 = 0, stackTimeout: Duration = .seconds(6)
    ) -> ConnectionParameters {
        let port: UInt16 =
            switch address {
            case .ipv4(_, let port), .ipv6(_, _, let port, _): port
            case .unix: 0
            }
        return ConnectionParameters(
            host: "127.0.0.1", port: port, heartbeat: .seconds(heartbeat), stackTimeout: stackTimeout)
    }

    /// Opens a connection and a channel; the end of the connection finishes the check.
    func withChannel(
        _ server: BrokerServer, _ body: @escaping (Connection, Channel, SessionProbe) -> Void
    ) {
        SessionProbe(self, parameters(server.address)) { connection, probe in
            connection.openChannel { result in
                probe.event("a channel's opening")
                switch result {
                case .success(let channel): body(connection, channel, probe)
                case .failure(let error):
                    self.fail("\(error)")
                    self.finish()
                }
            }
        }
    }
}
