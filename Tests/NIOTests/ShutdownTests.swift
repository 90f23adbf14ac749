#if NIO
internal import AMQPNIO
internal import AdapterKit
internal import NIOCore
internal import NIOPosix
internal import Testing

/// An event loop that is shut down completes the promises of what is being opened on it; SwiftNIO ends a debug build that
/// leaves one open.
@Suite(.timeLimit(.minutes(3))) struct ShutdownTests {
    enum Stage: CaseIterable {
        case notBegun, credentials, connect, handshake, delay
    }

    /// Never answers.
    private struct SilentProvider: CredentialsProvider {
        func provideCredentials(_ completion: @escaping @Sendable (Result<any Credentials, any Error>) -> Void) {}
    }

    @Test(arguments: Stage.allCases) func aConnectionThatIsBeingOpenedFails(stage: Stage) async throws {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let eventLoop = group.next()
        let hole = try BlackHole()
        let silent = try BrokerServer(BrokerScript { _, _ in true })
        var parameters = ConnectionParameters(host: "127.0.0.1", port: silent.port)
        switch stage {
        case .notBegun, .handshake: break
        case .credentials: parameters.credentialsProvider = SilentProvider()
        case .connect: parameters.port = hole.port
        case .delay:
            parameters.port = 1
            parameters.connectionAttempts = 2
            parameters.retryDelay = .seconds(600)
        }
        let codes = Guarded<[AMQPError.Code?]>([])
        FutureConnection.connect(parameters, on: eventLoop).whenComplete { result in
            let code: AMQPError.Code? = if case .failure(let error as AMQPError) = result { error.code } else { nil }
            codes.withLock { $0.append(code) }
        }
        if stage != .notBegun {
            for _ in 0 ..< 20 { try await eventLoop.scheduleTask(in: .milliseconds(2)) {}.futureResult.get() }
        }
        try await group.shutdownGracefully()
        // SwiftNIO closes its channels before it tells the loop, so the error may be theirs.
        #expect(codes.withLock { $0 }.count == 1)
        #expect(codes.withLock { $0 }.allSatisfy { $0 != nil })
    }
}
#endif
