internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Logging
internal import Testing

/// What is logged, at which levels, and that no secret is.
@Suite struct LoggingTests {
    private static let password = "S3cr3t-p4ss"
    private static let keyPassword = "K3y-p4ss"
    private static let key = "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----"

    private struct Mishap: Error {}

    @Test(
        arguments: [
            PlainCredentials(username: "user", password: password),
            AMQPlainCredentials(username: "user", password: password),
        ] as [any Credentials])
    func aRichSessionIsLoggedWithItsNameAndWithoutSecrets(credentials: any Credentials) {
        let log = RecordingLog()
        let session = RichSession()
        session.parameters.credentials = credentials
        session.parameters.logger = log.logger
        session.run()
        #expect(session.log.lines.contains("update secret: ok"))
        #expect(log.lines(with: "connected to").map(\.level) == [.debug])
        #expect(log.lines(with: "connection open").map(\.level) == [.debug])
        #expect(log.lines(with: "connection ended").map(\.level) == [.debug])
        #expect(log.all.allSatisfy { $0.level < .info }, "\(log.all)")
        expectNames(log, "rich")
        expectNoSecrets(log)
    }

    @Test func aRefusalIsInformationAndAnErrorOnlyIfNobodyListens() {
        for isHeard in [true, false] {
            let log = RecordingLog()
            let rig = Rig()
            rig.broker.onMethod = { broker, method, _ in
                guard case .connectionStartOK = method else { return false }
                broker.send(.connectionClose(ConnectionClose(replyCode: 403, replyText: "ACCESS_REFUSED")))
                return true
            }
            let connection = Connection(parameters(log), on: rig.loop)
            if isHeard { connection.onOpenError { _, _ in } }
            rig.loop.settle()
            #expect(log.lines(with: "attempt 1 to connect failed").map(\.level) == [.info])
            #expect(log.all.filter { $0.level >= .warning }.map(\.level) == (isHeard ? [] : [.error]))
            expectNames(log, "named")
            expectNoSecrets(log)
        }
    }

    @Test func theKeyOfATLSConfigurationIsNotLogged() {
        let log = RecordingLog()
        var parameters = parameters(log)
        var tls = TLSConfiguration()
        tls.certificatePEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----"
        tls.keyPEM = Self.key
        tls.keyPassword = Self.keyPassword
        parameters.tls = tls
        let rig = Rig()
        let connection = Connection(parameters, on: rig.loop)
        rig.loop.settle()
        #expect(connection.isClosed)
        #expect(log.lines(with: "attempt 1 to connect failed").map(\.level) == [.info], "\(log.all)")
        expectNames(log, "named")
        expectNoSecrets(log)
    }

    @Test func theEndOfAConnectionIsAWarningIfNobodyHearsOfIt() {
        for isHeard in [true, false] {
            let log = RecordingLog()
            let rig = Rig()
            let connection = Connection(parameters(log), on: rig.loop)
            if isHeard { connection.onClose { _, _ in } }
            rig.loop.settle()
            rig.brokerSends { $0.closeStream() }
            #expect(connection.isClosed)
            #expect(log.lines(with: "connection ended").map(\.level) == [isHeard ? .debug : .warning])
            expectNames(log, "named")
        }
    }

    @Test func whatNobodyListensToIsLogged() throws {
        let log = RecordingLog()
        let rig = Rig()
        let connection = Connection(parameters(log), on: rig.loop)
        rig.loop.settle()
        let channel = try rig.openChannel(connection)
        channel.queueDeclare("q") { _ in throw Mishap() }
        rig.loop.settle()
        #expect(log.lines(with: "threw an error").map(\.level) == [.error])
        connection.openChannel { _ in rig.loop.block(for: .seconds(3)) }
        rig.loop.settle()
        #expect(log.lines(with: "blocked the loop").map(\.level) == [.warning])
        rig.brokerSends {
            $0.deliver(
                BasicDeliver(consumerTag: "?", deliveryTag: 1, redelivered: false, exchange: "", routingKey: ""),
                body: [1])
        }
        #expect(log.lines(with: "no consumer").map(\.level) == [.warning])
        connection.onError { _, _ in throw Mishap() }
        channel.queueDeclare("q") { _ in throw Mishap() }
        rig.loop.settle()
        #expect(log.lines(with: "an onError listener threw").map(\.level) == [.error])
        expectNames(log, "named")
        expectNoSecrets(log)
    }

    @Test func aConnectionWithoutANameIsLoggedByItsAddress() {
        let log = RecordingLog()
        let rig = Rig()
        _ = Connection(ConnectionParameters(host: "broker.test", port: 5000, logger: log.logger), on: rig.loop)
        rig.loop.settle()
        expectNames(log, "broker.test:5000")
    }

    private func parameters(_ log: RecordingLog) -> ConnectionParameters {
        ConnectionParameters(
            credentials: PlainCredentials(username: "user", password: Self.password), connectionName: "named",
            logger: log.logger)
    }

    private func expectNames(_ log: RecordingLog, _ name: String) {
        #expect(!log.all.isEmpty)
        #expect(log.all.allSatisfy { $0.metadata["connection"] == .string(name) }, "\(log.all)")
    }

    private func expectNoSecrets(_ log: RecordingLog) {
        for line in log.all {
            let text = "\(line)"
            for secret in [Self.password, Self.keyPassword, "MIIEvQIBADANBg", RichSession.newSecret] {
                #expect(!text.contains(secret), "\(line)")
            }
        }
    }
}
