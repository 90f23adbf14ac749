#if NIO
@testable internal import AMQPNIO
internal import AdapterKit
internal import BrokerSupport
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import TLSSupport
internal import Testing

/// The way to an open connection: TLS, several hosts, and giving up.
@Suite(.timeLimit(.minutes(3))) struct FutureConnectingTests {
    @Test func connectsWithTLSAsTheParametersSay() async throws {
        let connection = try await FutureConnection.connect(try TestBroker.tlsParameters(), on: sharedEventLoop).get()
        let channel = try await connection.channel().get()
        let queue = try await channel.queueDeclare(exclusive: true).get().queue
        let body = (0 ..< 1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        try await channel.confirmSelect().map { _ in }.get()
        try await channel.basicPublish(body, routingKey: queue).get()
        let delivery = try #require(try await channel.basicGet(queue, autoAck: true).get())
        #expect(delivery.body.elementsEqual(body))
        try await connection.close().get()
    }

    @Test func aCertificateForAnotherHostIsRefused() async throws {
        var parameters = try TestBroker.tlsParameters()
        parameters.tls?.serverName = "other.test"
        let error = try await failure(of: FutureConnection.connect(parameters, on: sharedEventLoop))
        #expect(error.code == .peerCertificateRefused)
        #expect((error.underlying as? TLSError)?.problem == .certificateForAnotherHost)
    }

    @Test func aPipelineMaySecureItselfBySwiftNIOsOwnTLS() async throws {
        let parameters = try TestBroker.tlsParameters()
        var tls = NIOSSL.TLSConfiguration.makeClientConfiguration()
        tls.trustRoots = .file(try #require(parameters.tls?.authorityFile))
        let context = try NIOSSLContext(configuration: tls)
        let host = parameters.tls?.serverName ?? "localhost"
        let channel = try await ClientBootstrap(group: sharedEventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers([
                        NIOSSLClientHandler(context: context, serverHostname: host),
                        AMQPConnectionHandler(parameters, on: channel.eventLoop),
                    ])
                }
            }
            .connect(host: parameters.host, port: Int(parameters.port)).get()
        let (ready, closed) = try await channel.pipeline.handler(type: AMQPConnectionHandler.self)
            .map { ($0.ready, $0.closed) }.get()
        let connection = try await ready.get()
        try await connection.channel().flatMap { $0.queueDeclare(exclusive: true) }.map { _ in }.get()
        try await connection.close().get()
        #expect(try await closed.get().code == .connectionClosedByClient)
    }

    @Test func behindHostsThatFailTheNextIsTried() async throws {
        let parameters = try TestBroker.parameters()
        var (refused, wrong) = (parameters, parameters)
        refused.port = 1
        wrong.credentials = PlainCredentials(password: "wrong")
        let connection = try await FutureConnection.connect([refused, wrong, parameters], on: sharedEventLoop).get()
        #expect(connection.parameters.port == parameters.port)
        let failures = try await connection.withConnection { $0.connectionFailures.map(\.phase) }.get()
        #expect(failures == [.connect, .handshake])
        try await connection.close().get()
    }

    @Test func whenEveryHostFailsTheErrorListsThemAll() async throws {
        var refused = try TestBroker.parameters()
        refused.port = 1
        var wrong = try TestBroker.parameters()
        wrong.credentials = PlainCredentials(password: "wrong")
        let workflow = RetryingWorkflow([refused, wrong], attempts: 2, backoff: Backoff(.milliseconds(1)))
        let error = try await failure(of: FutureConnection.create(workflow, on: sharedEventLoop).connection)
        #expect(error.code == .authenticationRefused)
        #expect(error.connectionFailures.map(\.phase) == [.connect, .handshake, .connect, .handshake])
    }

    @Test func nothingToTryIsAnError() async throws {
        let error = try await failure(of: FutureConnection.connect([], on: sharedEventLoop))
        #expect(error.code == .invalidArgument)
    }

    // MARK: Giving up

    /// How far a connection has come when it is given up.
    enum Stage: CaseIterable {
        case notBegun, credentials, connect, secure, handshake, delay
    }

    /// Never answers.
    private struct SilentProvider: CredentialsProvider {
        let asked: Guarded<Bool>

        func provideCredentials(_ completion: @escaping @Sendable (Result<any Credentials, any Error>) -> Void) {
            asked.withLock { $0 = true }
        }
    }

    @Test(arguments: Stage.allCases) func givingUpAtAnyStageGivesOneResult(stage: Stage) async throws {
        var parameters = try TestBroker.parameters()
        let asked = Guarded(false)
        let hole = try BlackHole()
        let peer = try TLSPeer(TLSServerOptions(), .silent)
        defer { peer.close() }
        switch stage {
        case .notBegun: break
        case .credentials: parameters.credentialsProvider = SilentProvider(asked: asked)
        case .connect: parameters.port = hole.port
        case .secure:
            parameters.port = peer.port
            parameters.tls = TLSConfiguration()
        case .handshake: parameters.port = peer.port
        case .delay:
            parameters.port = 1
            parameters.connectionAttempts = 2
            parameters.retryDelay = .seconds(600)
        }
        let creation = FutureConnection.create(RetryingWorkflow([parameters]), on: sharedEventLoop)
        let port = parameters.port
        let opening = creation.opening
        if stage != .notBegun {
            try await waitUntil("\(stage) has begun") {
                guard let connection = opening.value.connection else { return false }
                return switch stage {
                case .notBegun: true
                case .credentials: asked.withLock { $0 }
                case .connect: connection.parameters.port == port
                case .secure: peer.isConnected
                case .handshake: connection.state == .handshaking
                case .delay: connection.connectionFailures.count == 1
                }
            }
        }
        creation.abort()
        creation.abort()
        let error = try await failure(of: creation.connection)
        #expect(error.code == .connectionOpenAborted)
        // What was begun is gone, and nothing goes on.
        try await waitUntil("the connection is gone") { opening.value.connection == nil }
    }

    @Test func givingUpAnOpenConnectionDoesNothing() async throws {
        let creation = FutureConnection.create(
            RetryingWorkflow([try TestBroker.parameters()]), on: sharedEventLoop)
        let connection = try await creation.connection.get()
        creation.abort()
        try await connection.channel().map { _ in }.get()
        #expect(!connection.isClosed)
        try await connection.close().get()
    }
}
#endif
