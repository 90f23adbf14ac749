import AMQPConnection
import AdapterKit
import Foundation

/// Connections that go through several hosts and attempts.
enum WorkflowScenarios {
    static let all: [AdapterCheck] = hosts + deadlines + places + aborts

    /// A way to fail, and the phase and code that it fails with.
    private struct Obstacle: Sendable {
        var name: String
        var phase: ConnectionPhase
        var code: AMQPError.Code
        var arrange: @Sendable (Session, inout ConnectionParameters) throws -> Void
    }

    private static let obstacles: [Obstacle] = [
        Obstacle(name: "a-refused-port", phase: .connect, code: .connectFailed) { _, parameters in
            parameters.port = 1
        },
        Obstacle(name: "an-unresolvable-host", phase: .resolve, code: .resolutionFailed) { _, parameters in
            parameters.host = "host.invalid"
        },
        Obstacle(name: "a-port-that-does-not-answer", phase: .connect, code: .deadlineExceeded) { session, parameters in
            let hole = try BlackHole()
            session.keep(hole)
            parameters.port = hole.port
            parameters.socketTimeout = .milliseconds(50)
        },
        Obstacle(name: "a-silent-broker", phase: .handshake, code: .deadlineExceeded) { session, parameters in
            parameters = try session.proxy(toClient: .stall(after: 0)).1
            parameters.stackTimeout = .milliseconds(100)
        },
        Obstacle(name: "a-broker-that-hangs-up", phase: .handshake, code: .incompatibleProtocol) {
            session, parameters in
            parameters = try session.proxy(toClient: .cut(after: 4)).1
        },
        Obstacle(name: "a-wrong-password", phase: .handshake, code: .authenticationRefused) { _, parameters in
            parameters.credentials = PlainCredentials(password: "wrong")
        },
        Obstacle(name: "an-unknown-virtual-host", phase: .handshake, code: .virtualHostRefused) { _, parameters in
            parameters.virtualHost = "nowhere"
        },
        Obstacle(name: "a-missing-socket-path", phase: .connect, code: .connectFailed) { _, parameters in
            parameters.host = "/nonexistent/broker.sock"
        },
    ]

    private static func parameters(_ obstacle: Obstacle, _ session: Session) throws -> ConnectionParameters {
        var parameters = session.parameters
        try obstacle.arrange(session, &parameters)
        return parameters
    }

    private static func expect(_ failures: [ConnectionFailure], _ obstacles: [Obstacle], _ session: Session) {
        session.check.expectEqual(failures.map(\.phase), obstacles.map(\.phase), "phases")
        session.check.expectEqual(failures.map(\.cause.code), obstacles.map(\.code), "codes")
    }

    /// Each obstacle is overcome by the next host, and all together are listed.
    private static let hosts: [AdapterCheck] =
        obstacles.map { obstacle in
            .scenario("behind-\(obstacle.name)-the-next-host-is-tried") { session in
                let candidates = [try parameters(obstacle, session), session.parameters]
                let connection = Connection(
                    candidates, on: session.loop,
                    onOpen: { connection in
                        expect(connection.connectionFailures, [obstacle], session)
                        session.check.expectEqual(connection.parameters.port, session.parameters.port, "port")
                        session.channel(on: connection) { _ in session.finish() }
                    },
                    onOpenError: { _, error in
                        session.check.fail("\(error)")
                        session.finish()
                    })
                session.adopt(connection)
            }
        } + [
            .scenario("when-every-host-fails-each-failure-is-listed-in-order") { session in
                let candidates = try obstacles.map { try parameters($0, session) }
                let workflow = RetryingWorkflow(candidates, attempts: 2, backoff: Backoff(.milliseconds(20)))
                Connection.create(workflow, on: session.loop) { result in
                    session.expectFailure(result, .connectFailed, "the last obstacle")
                    if case .failure(let error) = result {
                        expect(error.connectionFailures, obstacles + obstacles, session)
                        session.check.expectEqual(
                            error.connectionFailures.map(\.attempt), Array(1 ... 2 * obstacles.count), "attempts")
                        session.check.expect(!"\(error)".contains("wrong"), "the error shows a password: \(error)")
                    }
                    session.finish()
                }
            },
            .scenario("a-shuffled-workflow-finds-the-one-host-that-works") { session in
                let candidates = try obstacles.prefix(3).map { try parameters($0, session) } + [session.parameters]
                Connection.create(RetryingWorkflow(candidates, shuffles: true), on: session.loop) { result in
                    guard let connection = session.value(result, "create") else { return }
                    session.adopt(connection)
                    session.check.expect(connection.isOpen, "not open")
                    session.finish()
                }
            },
        ]

    private static let deadlines: [AdapterCheck] = [
        .scenario("the-delay-between-attempts-is-kept") { session in
            var parameters = session.parameters
            parameters.port = 1
            parameters.connectionAttempts = 3
            parameters.retryDelay = .milliseconds(100)
            let start = session.loop.now
            session.connectExpectingFailure(parameters) { error in
                session.check.expectEqual(error.connectionFailures.map(\.attempt), [1, 2, 3], "attempts")
                session.check.expect(
                    start.duration(to: session.loop.now) >= .milliseconds(200), "the delays were too short")
                session.finish()
            }
        },
        .scenario("the-workflows-deadline-ends-all-attempts") { session in
            var parameters = session.parameters
            parameters.port = 1
            let workflow = RetryingWorkflow(
                [parameters], attempts: .max, backoff: Backoff(.milliseconds(10)), timeout: .milliseconds(200))
            Connection.create(workflow, on: session.loop) { result in
                session.expectFailure(result, .deadlineExceeded, "the workflow")
                if case .failure(let error) = result {
                    session.check.expect(!error.connectionFailures.isEmpty, "no failure is listed")
                }
                session.finish()
            }
        },
        .scenario("a-tiny-socket-timeout-ends-an-attempt-that-nobody-answers") { session in
            let hole = try BlackHole()
            session.keep(hole)
            var parameters = session.parameters
            parameters.port = hole.port
            parameters.socketTimeout = .microseconds(1)
            session.connectExpectingFailure(parameters) { error in
                session.expect(error, .connectFailed, "a tiny timeout")
                session.check.expectEqual(error.connectionFailures.map(\.cause.code), [.deadlineExceeded], "causes")
                session.finish()
            }
        },
    ]

    private static let places: [AdapterCheck] = [
        .scenario("a-unix-socket-leads-to-the-broker") { session in
            let path = FileManager.default.temporaryDirectory.path + "/\(session.uniqueName("ochotona"))"
            session.keep(
                try FaultProxy(to: .ipv4(0x7F00_0001, port: session.parameters.port), listeningOn: .unix(path: path)))
            session.connect(session.parameters.at([.unix(path: path)])[0]) { connection in
                try? FileManager.default.removeItem(atPath: path)
                session.check.expectEqual(connection.peerAddress, .unix(path: path), "address")
                session.channel(on: connection) { _ in session.finish() }
            }
        },
        .scenario("an-ipv6-address-leads-to-the-broker") { session in
            let proxy = try FaultProxy(
                to: .ipv4(0x7F00_0001, port: session.parameters.port),
                listeningOn: .ipv6(high: 0, low: 1, port: 0, scope: 0))
            session.keep(proxy)
            guard case .ipv6(_, _, let port, _) = proxy.address else { return session.check.fail("no port") }
            session.connect(session.parameters.at([.host("::1", port: port)])[0]) { connection in
                session.check.expectEqual(connection.peerAddress, proxy.address, "address")
                session.channel(on: connection) { _ in session.finish() }
            }
        },
        .scenario("the-addresses-of-localhost-are-tried-in-sequence-too") { session in
            var parameters = session.parameters
            parameters.host = "localhost"
            parameters.addressOrder = .sequential
            session.connect(parameters) { _ in session.finish() }
        },
        .scenario("a-stream-of-the-programs-own-is-spoken-over") { session in
            let address = SocketAddress.ipv4(0x7F00_0001, port: session.parameters.port)
            let step = session.loop.connect(to: address, options: SocketOptions()) { result in
                guard let stream = session.value(result, "connect") else { return }
                let connection = Connection(
                    session.parameters, over: stream, on: session.loop,
                    onOpen: { connection in session.channel(on: connection) { _ in session.finish() } },
                    onOpenError: { _, error in
                        session.check.fail("\(error)")
                        session.finish()
                    })
                session.adopt(connection)
            }
            session.keep(step)
        },
        .scenario("a-workflow-of-the-programs-own-chooses-by-what-failed") { session in
            let workflow = Fallback(parameters: session.parameters)
            let connection = Connection(
                workflow: workflow, on: session.loop,
                onOpen: { connection in
                    session.check.expectEqual(connection.connectionFailures.map(\.phase), [.handshake], "failures")
                    session.finish()
                },
                onOpenError: { _, error in
                    session.check.fail("\(error)")
                    session.finish()
                })
            session.adopt(connection)
        },
    ]

    /// Logs in with a wrong password first, and with the right one when the broker has refused that.
    private struct Fallback: ConnectionWorkflow {
        var parameters: ConnectionParameters

        func nextAttempt(after failures: [ConnectionFailure]) -> ConnectionAttempt? {
            var first = parameters
            first.credentials = PlainCredentials(password: "wrong")
            switch failures.last?.cause.code {
            case nil: return ConnectionAttempt(first)
            case .authenticationRefused: return ConnectionAttempt(parameters, after: .milliseconds(10))
            default: return nil
            }
        }
    }

    /// Closing while an attempt is held up, and in the delay behind it.
    private static let aborts: [AdapterCheck] =
        obstacles.filter { $0.code == .deadlineExceeded || $0.phase == .resolve }.map { obstacle in
            abort(during: obstacle, "at-\(obstacle.name)", isFailed: false)
        } + [abort(during: obstacles[0], "in-the-delay-behind-a-failed-attempt", isFailed: true)]

    private static func abort(during obstacle: Obstacle, _ name: String, isFailed: Bool) -> AdapterCheck {
        .scenario("closing-\(name)-gives-one-result") { session in
            var parameters = try parameters(obstacle, session)
            parameters.socketTimeout = nil
            parameters.stackTimeout = nil
            parameters.connectionAttempts = 1000
            parameters.retryDelay = .seconds(60)
            var events: [String] = []
            let connection = Connection(
                parameters, on: session.loop, onOpen: { _ in events.append("open") },
                onOpenError: { _, error in events.append("\(error.code)") },
                onClose: { _, _ in events.append("closed") })
            session.when({
                isFailed
                    ? !connection.connectionFailures.isEmpty
                    : obstacle.phase != .handshake || connection.state == .handshaking
            }) {
                connection.close { result in
                    if case .failure(let error) = result { session.check.fail("close: \(error)") }
                    session.loop.callLater(.milliseconds(20)) {
                        session.check.expectEqual(events, ["connectionOpenAborted"], "events")
                        session.finish()
                    }
                }
                session.check.expectEqual(events, [], "events inside close()")
            }
        }
    }
}
