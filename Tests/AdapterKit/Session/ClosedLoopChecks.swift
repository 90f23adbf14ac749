internal import AMQPConnection

/// A loop that is closed ends its connections, however far they have come, and all that was promised to their users
/// comes first.
enum ClosedLoopChecks {
    static let all = [
        AdapterCheck("closed-loop/before-the-first-turn", .session, covers: ["L5"], needs: [.sockets, .closing]) {
            check in
            let server = try BrokerServer()
            ends(check, check.parameters(server.address), after: nil)
        },
        AdapterCheck("closed-loop/while-a-name-is-resolved", .session, covers: ["L5"], needs: [.sockets, .closing]) {
            check in
            let server = try BrokerServer()
            var parameters = check.parameters(server.address)
            parameters.host = "localhost"
            ends(check, parameters, after: .zero)
        },
        AdapterCheck("closed-loop/while-nobody-accepts", .session, covers: ["L5"], needs: [.sockets, .closing]) {
            check in
            let hole = try BlackHole()
            ends(check, check.parameters(hole.address), after: .milliseconds(20))
        },
        AdapterCheck("closed-loop/while-the-broker-is-silent", .session, covers: ["L5"], needs: [.sockets, .closing]) {
            check in
            let server = try BrokerServer(BrokerScript { _, _ in true })
            ends(check, check.parameters(server.address), after: .milliseconds(50))
        },
        AdapterCheck("closed-loop/between-two-attempts", .session, covers: ["L5"], needs: [.sockets, .closing]) {
            check in
            var parameters = ConnectionParameters(host: "127.0.0.1", port: 1)
            parameters.connectionAttempts = 2
            parameters.retryDelay = .seconds(600)
            ends(check, parameters, after: .milliseconds(50))
        },
        AdapterCheck(
            "closed-loop/while-credentials-are-awaited", .session, covers: ["L5"], needs: [.sockets, .closing]
        ) { check in
            let server = try BrokerServer()
            var parameters = check.parameters(server.address)
            parameters.credentialsProvider = SilentProvider()
            ends(check, parameters, after: .milliseconds(20))
        },
        AdapterCheck(
            "closed-loop/a-close-before-the-connection-is-open-completes", .session, covers: ["L5"],
            needs: [.sockets, .closing], closeWhileOpening),
        AdapterCheck(
            "closed-loop/calls-that-were-refused-complete", .session, covers: ["L5"], needs: [.sockets, .closing],
            refusedCalls),
    ]

    /// Never answers.
    private struct SilentProvider: CredentialsProvider {
        func provideCredentials(_ completion: @escaping @Sendable (Result<any Credentials, any Error>) -> Void) {}
    }

    /// Closes the loop some time after a connection was made; without a time at once, outside the loop's turns.
    private static func ends(_ check: CheckRun, _ parameters: ConnectionParameters, after delay: Duration?) {
        let completions = Completions(check)
        completions.expect("end")
        func connect() {
            SessionProbe(check, parameters) { _, _ in check.fail("the connection is open") }.onEnd = { error in
                completions.complete("end")
                check.expectEqual(error.code, .loopClosed, "how the connection ended")
            }
        }
        if let delay {
            check.run("the end of a connection whose loop was closed", within: nil) {
                connect()
                check.loop.callLater(delay) {
                    check.finish()
                    check.host.close()
                }
            }
        } else {
            check.enter {
                connect()
                check.host.close()
            }
        }
        completions.verify()
    }

    @Sendable static func closeWhileOpening(_ check: CheckRun) throws {
        let server = try BrokerServer()
        let completions = Completions(check)
        completions.expect("end")
        completions.expect("close")
        check.enter {
            let probe = SessionProbe(check, check.parameters(server.address)) { _, _ in
                check.fail("the connection is open")
            }
            probe.onEnd = { error in
                completions.complete("end")
                check.expectEqual(error.code, .connectionOpenAborted, "how the connection ended")
            }
            check.duringCall("close") { probe.connection?.close { _ in completions.complete("close") } }
            check.host.close()
        }
        completions.verify()
    }

    @Sendable static func refusedCalls(_ check: CheckRun) throws {
        let server = try BrokerServer()
        let completions = Completions(check)
        for name in ["end", "long name", "behind the end", "flush behind the end"] { completions.expect(name) }
        check.run("the end of a connection whose loop was closed", within: nil) {
            check.withChannel(server) { connection, channel, probe in
                probe.onEnd = { _ in
                    completions.complete("end")
                    check.duringCall("a call behind the end") {
                        channel.queueDeclare("q") { _ in completions.complete("behind the end") }
                        connection.flush { _ in completions.complete("flush behind the end") }
                    }
                }
                check.duringCall("queueDeclare") {
                    let name = String(repeating: "q", count: 300)
                    channel.queueDeclare(name) { _ in completions.complete("long name") }
                }
                check.finish()
                check.host.close()
            }
        }
        completions.verify()
    }
}
