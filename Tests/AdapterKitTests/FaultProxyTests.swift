internal import AMQPSelect
internal import AdapterKit
internal import Testing

@Suite struct FaultProxyTests {
    private static let select = AdapterUnderTest("Select", features: [.sockets]) {
        let loop = SelectLoop()
        return LoopHost(loop: loop, close: { loop.close() })
    }

    /// How a session through a proxy ends, run on a thread of its own.
    private func session(toServer: FaultPlan = FaultPlan(), toClient: FaultPlan = FaultPlan()) async -> CheckResult {
        let check = AdapterCheck("session", .session) { check in
            let server = try BrokerServer()
            let proxy = try FaultProxy(to: server.address, toServer: toServer, toClient: toClient)
            guard case .ipv4(_, let port) = proxy.address else { return check.fail("the proxy has no port") }
            let parameters = ConnectionParameters(
                host: "127.0.0.1", port: port, heartbeat: .seconds(0), stackTimeout: .milliseconds(400))
            check.run("the end of the session") {
                _ = Connection(
                    parameters, on: check.loop, onOpen: { $0.close() },
                    onOpenError: { _, error in
                        check.fail("\(error.code)")
                        check.finish()
                    },
                    onClose: { _, error in
                        check.expect(error.code == .connectionClosedByClient, "\(error.code)")
                        check.finish()
                    })
            }
        }
        return await CheckRunner.run(check, on: Self.select)
    }

    @Test func passesEverythingOnWithoutAPlan() async {
        #expect(await session().outcome == .passed)
    }

    @Test(arguments: [1, 7, 100])
    func piecesArriveWhole(size: Int) async {
        #expect(await session(toServer: .pieces(of: size), toClient: .pieces(of: size)).outcome == .passed)
    }

    @Test func throttledSessionIsSlow() async {
        // About 330 bytes come from the broker while the connection is opened, so 1,000 bytes in a second are enough
        // for the deadline of 400 ms, and 300 are not.
        #expect(await session(toClient: .throttle(20_000)).outcome == .passed)
        #expect(await session(toClient: .throttle(300)).outcome == .failed(["deadlineExceeded"]))
    }

    @Test func stalledSessionMeetsItsDeadline() async {
        #expect(await session(toClient: .stall(after: 20)).outcome == .failed(["deadlineExceeded"]))
    }

    @Test(arguments: [StreamCut.endOfStream, .reset])
    func cutSessionIsLost(cut: StreamCut) async {
        #expect(await session(toClient: .cut(after: 20, by: cut)).outcome.isFine == false)
        #expect(await session(toServer: .cut(after: 20, by: cut)).outcome.isFine == false)
    }

    @Test func stalledDirectionsGoOnLater() async {
        let check = AdapterCheck("stall and go on", .session) { check in
            let server = try BrokerServer()
            let proxy = try FaultProxy(to: server.address)
            guard case .ipv4(_, let port) = proxy.address else { return check.fail("the proxy has no port") }
            check.run("the end of the session") {
                _ = Connection(
                    ConnectionParameters(host: "127.0.0.1", port: port, heartbeat: .seconds(0)), on: check.loop,
                    onOpen: { connection in
                        proxy.stall(toServer: false, toClient: true)
                        var isStalled = true
                        connection.openChannel { _ in
                            check.expect(!isStalled, "the answer passed a proxy that stalled")
                            connection.close()
                        }
                        check.loop.callLater(.milliseconds(50)) {
                            isStalled = false
                            proxy.stall(toServer: false, toClient: false)
                        }
                    }, onClose: { _, _ in check.finish() })
            }
        }
        #expect(await CheckRunner.run(check, on: Self.select).outcome == .passed)
    }

    @Test func injectedBytesComeBetweenTheClientsFrames() async {
        let check = AdapterCheck("inject", .session) { check in
            let server = try BrokerServer()
            let proxy = try FaultProxy(to: server.address)
            guard case .ipv4(_, let port) = proxy.address else { return check.fail("the proxy has no port") }
            check.run("the end of the session") {
                _ = Connection(
                    ConnectionParameters(host: "127.0.0.1", port: port, heartbeat: .seconds(0)), on: check.loop,
                    onOpen: { connection in
                        proxy.inject(toServer: [8, 0, 0, 0, 0, 0, 0, 0xCE])
                        check.loop.callLater(.milliseconds(1)) { closeWhenSeen(connection) }
                    }, onClose: { _, _ in check.finish() })
            }
            func closeWhenSeen(_ connection: Connection) {
                guard server.record.heartbeatCount == 0 else { return connection.close() }
                check.loop.callLater(.milliseconds(1)) { closeWhenSeen(connection) }
            }
            check.expectEqual(server.record.problems, [], "what the broker found wrong")
        }
        #expect(await CheckRunner.run(check, on: Self.select).outcome == .passed)
    }
}
