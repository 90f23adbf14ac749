import AMQPConnection
import AdapterKit
import BrokerSupport
import Foundation

/// What leads to the broker: TLS, UNIX sockets, IPv6, and ways to log in.
enum FaceTransports {
    static let all: [FaceScenario] = tls + addresses + logins

    private static let tls: [FaceScenario] = [
        FaceScenario("tls-leads-to-the-broker") { run in
            let channel = try await run.connect(try TestBroker.tlsParameters()).channel()
            let queue = try await channel.queueDeclare(exclusive: true).queue
            let consumer = try await channel.basicConsume(queue)
            let body = [UInt8](repeating: 7, count: 300_000)
            try await channel.publish(FaceMessage(body, routingKey: queue))
            let delivery = try await run.next(from: consumer)
            run.expect(Array(delivery.body) == body, "the body came back different")
            try await channel.basicAck(delivery.tag)
        },
        FaceScenario("tls-the-broker's-authority-must-be-trusted") { run in
            var parameters = try TestBroker.tlsParameters()
            parameters.tls = TLSConfiguration()
            await expectFailure(.peerCertificateRefused, parameters, run)
        },
        FaceScenario("tls-the-broker's-certificate-must-be-for-the-host") { run in
            var parameters = try TestBroker.tlsParameters()
            parameters.tls?.serverName = "other.test"
            await expectFailure(.peerCertificateRefused, parameters, run)
        },
        FaceScenario("tls-to-the-plain-port-is-refused-and-nothing-falls-back") { run in
            var parameters = run.parameters
            parameters.tls = try TestBroker.tlsParameters().tls
            await expectFailure(.tlsFailed, parameters, run)
        },
        FaceScenario("tls-a-client-certificate-logs-in-by-external") { run in
            var parameters = try TestBroker.tlsParameters()
            parameters.tls?.certificateFile = try TestBroker.tlsFile("client.pem")
            parameters.tls?.keyFile = try TestBroker.tlsFile("client.key")
            parameters.credentials = ExternalCredentials()
            _ = try await run.connect(parameters).channel()
        },
    ]

    private static let addresses: [FaceScenario] = [
        FaceScenario("a-unix-socket-leads-to-the-broker") { run in
            let path = FileManager.default.temporaryDirectory.path + "/\(run.uniqueName())"
            run.keep(
                try FaultProxy(to: .ipv4(0x7F00_0001, port: run.parameters.port), listeningOn: .unix(path: path)))
            let connection = try await run.connect(run.parameters.at([.unix(path: path)]))
            try FileManager.default.removeItem(atPath: path)
            _ = try await connection.channel()
        },
        FaceScenario("an-ipv6-address-leads-to-the-broker") { run in
            let proxy = try FaultProxy(
                to: .ipv4(0x7F00_0001, port: run.parameters.port),
                listeningOn: .ipv6(high: 0, low: 1, port: 0, scope: 0))
            run.keep(proxy)
            guard case .ipv6(_, _, let port, _) = proxy.address else { return run.fail("no port") }
            _ = try await run.connect(run.parameters.at([.host("::1", port: port)])).channel()
        },
        FaceScenario("a-name-leads-to-the-broker") { run in
            var parameters = run.parameters
            parameters.host = "localhost"
            _ = try await run.connect(parameters).channel()
        },
    ]

    private static let logins: [FaceScenario] = [
        FaceScenario("the-first-offered-of-a-choice-logs-in") { run in
            var parameters = run.parameters
            parameters.credentials = CredentialsChoice([ExternalCredentials(), PlainCredentials()])
            _ = try await run.connect(parameters).channel()
        },
        FaceScenario("external-is-not-offered-without-tls") { run in
            var parameters = run.parameters
            parameters.credentials = ExternalCredentials()
            await expectFailure(.authenticationMechanismNotOffered, parameters, run)
        },
        FaceScenario("printed-parameters-connect") { run in
            var parameters = run.parameters
            parameters.connectionName = "from a URL & back"
            parameters.heartbeat = 30
            let parsed = try ConnectionParameters(url: try parameters.urlIncludingPassword())
            run.expectEqual(try await run.connect(parsed).facts().tuned?.heartbeat, 30, "heartbeat")
        },
        FaceScenario("a-function-of-the-proposal-sets-the-heartbeat") { run in
            var parameters = run.parameters
            parameters.heartbeat = .chosen { proposal in proposal / 2 }
            run.expectEqual(try await run.connect(parameters).facts().tuned?.heartbeat, 30, "heartbeat")
        },
    ]

    private static func expectFailure(
        _ code: AMQPError.Code, _ parameters: ConnectionParameters, _ run: FaceRun
    ) async {
        await run.expectFailure(code, of: "connect") { () throws(AMQPError) in try await run.connect(parameters) }
    }
}
