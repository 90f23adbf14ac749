import AMQPBlocking
import AdapterKit
import BrokerSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct OpeningTests {
    /// A port of loopback at which nobody listens.
    private static let unreachable = ConnectionParameters(host: "127.0.0.1", port: 1)

    @Test func `a connection opens and closes`() async throws {
        try await onOwnThread {
            let connection = try BlockingConnection(TestBroker.parameters())
            #expect(connection.isOpen && !connection.isClosed)
            try connection.close()
            #expect(!connection.isOpen && connection.isClosed)
        }
    }

    @Test func `a connection opens without timeouts`() async throws {
        try await onOwnThread {
            var parameters = try TestBroker.parameters()
            parameters.socketTimeout = nil
            parameters.stackTimeout = nil
            try BlockingConnection.withConnection(parameters) { #expect($0.isOpen) }
        }
    }

    @Test func `the second broker is taken when the first cannot be reached`() async throws {
        try await onOwnThread {
            let parameters = try TestBroker.parameters()
            let connection = try BlockingConnection([Self.unreachable, parameters])
            #expect(connection.parameters.port == parameters.port)
            try connection.close()
        }
    }

    @Test func `the last broker's error is thrown when none can be reached`() async throws {
        try await onOwnThread {
            let noSuchHost = ConnectionParameters(host: "host.invalid")
            let error = failure { _ = try BlockingConnection([noSuchHost, Self.unreachable]) }
            #expect(error?.code == .connectFailed)
            let other = failure { _ = try BlockingConnection([Self.unreachable, noSuchHost]) }
            #expect(other?.code == .resolutionFailed)
            #expect(failure { _ = try BlockingConnection([]) }?.code == .invalidArgument)
        }
    }

    @Test func `parameters that are not valid are refused before any is tried`() async throws {
        try await onOwnThread {
            var invalid = Self.unreachable
            invalid.virtualHost = "\u{0}"
            for candidates in [[invalid], [Self.unreachable, invalid], [invalid, try TestBroker.parameters()]] {
                #expect(failure { _ = try BlockingConnection(candidates) }?.code == .invalidArgument)
            }
        }
    }

    @Test func `a broker that is down is an error`() async throws {
        try await onOwnThread {
            let error = failure { _ = try BlockingConnection(Self.unreachable) }
            #expect(error?.code == .connectFailed && error?.blame == .transport)
        }
    }

    @Test(arguments: ["connection.start-ok", "connection.tune-ok"])
    func `a stream that is lost while the connection opens is an error of that stage`(_ stage: String) async throws {
        let script = BrokerScript { broker, received in
            guard "\(received.method.id)" == stage else { return false }
            broker.end(.endOfStream)
            return true
        }
        try await scripted(script) { parameters, _ in
            let error = failure { _ = try BlockingConnection(parameters) }
            let expected: [AMQPError.Code] =
                stage == "connection.start-ok"
                ? [.authenticationRefused, .streamLost] : [.virtualHostRefused, .streamLost]
            #expect(error.map { expected.contains($0.code) } == true, "\(String(describing: error))")
        }
    }

    @Test func `a peer that hangs up at the protocol header is an error`() async throws {
        var script = BrokerScript()
        script.greeting = []
        try await scripted(script) { parameters, _ in
            let error = failure { _ = try BlockingConnection(parameters) }
            #expect(error.map { [.incompatibleProtocol, .streamLost].contains($0.code) } == true)
        }
    }

    @Test func `opening ends at its deadline when nobody answers`() async throws {
        let script = BrokerScript { _, received in received.method.id == .connectionStartOK }
        try await scripted(script) { parameters, _ in
            var parameters = parameters
            parameters.stackTimeout = .milliseconds(100)
            #expect(failure { _ = try BlockingConnection(parameters) }?.code == .deadlineExceeded)
        }
    }

    @Test func `the broker's properties and capabilities are known`() async throws {
        try await connected { connection in
            #expect(connection.serverProperties["product"] == .text("RabbitMQ"))
            #expect(connection.basicNackSupported && connection.consumerCancelNotifySupported)
            #expect(connection.exchangeExchangeBindingsSupported && connection.publisherConfirmsSupported)
            #expect((connection.tuned?.frameMax ?? 0) >= 4096)
            #expect(connection.blockedReason == nil)
            #expect("\(connection)".contains("open"))
        }
    }
}
