import AdapterKit
import Synchronization
import Testing

@testable import AMQPConnection

@Suite struct CredentialsProviderTests {
    /// A provider that a test answers for.
    final class Provider: CredentialsProvider {
        typealias Completion = @Sendable (Result<any Credentials, any Error>) -> Void
        private let questions = Mutex<[Completion]>([])

        var count: Int { questions.withLock { $0.count } }
        var last: Completion? { questions.withLock { $0.last } }

        func provideCredentials(_ completion: @escaping Completion) {
            questions.withLock { $0.append(completion) }
        }
    }

    struct VaultError: Error {}

    let loop = VirtualLoop()
    let provider = Provider()

    private func connection(_ onOpenError: @escaping (AMQPError) -> Void) -> Connection {
        let parameters = ConnectionParameters(credentialsProvider: provider)
        return Connection(parameters, on: loop, onOpenError: { _, error in onOpenError(error) })
    }

    @Test func isAskedInALaterTurnAndNothingIsOpenedBeforeItsAnswer() {
        var attempts = 0
        loop.onConnect = { address, _ in
            attempts += 1
            return .refused(address)
        }
        var error: AMQPError?
        let connection = connection { error = $0 }
        #expect(provider.count == 0)
        loop.settle()
        #expect(provider.count == 1)
        #expect(attempts == 0)
        provider.last?(.success(PlainCredentials()))
        #expect(attempts == 0)
        loop.settle()
        #expect(attempts == 1)
        #expect(error?.code == .connectFailed)
        #expect(connection.isClosed)
    }

    @Test func itsFailureEndsTheConnectionAndIsTheUnderlyingError() {
        var errors: [AMQPError] = []
        let connection = connection { errors.append($0) }
        loop.settle()
        provider.last?(.failure(VaultError()))
        loop.settle()
        #expect(errors.map(\.code) == [.credentialsUnavailable])
        #expect(errors.first?.underlying is VaultError)
        #expect(connection.isClosed)
    }

    @Test func credentialsThatNoMechanismCanCarryAreRefused() {
        var errors: [AMQPError] = []
        let connection = connection { errors.append($0) }
        loop.settle()
        provider.last?(.success(PlainCredentials(password: "\0")))
        loop.settle()
        #expect(errors.map(\.code) == [.invalidArgument])
        #expect(connection.isClosed)
    }

    @Test func silenceEndsWithTheStackTimeout() {
        var errors: [AMQPError] = []
        let connection = connection { errors.append($0) }
        loop.advance(by: .milliseconds(14_999))
        #expect(errors.isEmpty)
        loop.advance(by: .milliseconds(1))
        #expect(errors.map(\.code) == [.deadlineExceeded])
        provider.last?(.success(PlainCredentials()))
        loop.settle()
        #expect(errors.count == 1)
        #expect(connection.isClosed)
    }

    @Test func closingWhileItIsAskedEndsTheConnectionOnce() {
        var errors: [AMQPError] = []
        let connection = connection { errors.append($0) }
        loop.settle()
        connection.close()
        provider.last?(.success(PlainCredentials()))
        loop.settle()
        #expect(errors.map(\.code) == [.connectionOpenAborted])
    }

    @Test func onlyItsFirstAnswerCounts() {
        var attempts = 0
        loop.onConnect = { _, _ in
            attempts += 1
            return .never
        }
        let connection = connection { _ in }
        loop.settle()
        provider.last?(.success(PlainCredentials()))
        provider.last?(.failure(VaultError()))
        provider.last?(.success(PlainCredentials()))
        loop.settle()
        #expect(attempts == 1)
        #expect(!connection.isClosed)
        connection.close()
        loop.settle()
    }

    @Test func theConnectionLogsInWithWhatItProvides() throws {
        let pipe = MemoryPipe(on: loop)
        loop.onConnect = { _, _ in .stream(pipe.client) }
        let broker = SilentBroker()
        pipe.server.start(broker)
        let connection = connection { _ in }
        loop.settle()
        provider.last?(.success(AMQPlainCredentials(username: "u", password: "token")))
        loop.settle()
        var output = OutputBuffer()
        try output.append(.connectionStart(.offering("PLAIN AMQPLAIN")), channel: 0, frameMax: 4096)
        output.takeAll { pipe.server.send($0) }
        pipe.server.flush()
        loop.settle()
        let startOK = try #require(try broker.startOK())
        #expect(startOK.mechanism == "AMQPLAIN")
        #expect(
            try startOK.response
                == AMQPlainCredentials(username: "u", password: "token").initialResponse())
        connection.close()
        loop.settle()
    }

    @Test func isAskedAgainForEachConnection() {
        for count in 1 ... 3 {
            var error: AMQPError?
            let connection = connection { error = $0 }
            loop.settle()
            #expect(provider.count == count)
            provider.last?(.success(PlainCredentials()))
            loop.settle()
            #expect(error?.code == .connectFailed)
            #expect(connection.isClosed)
        }
    }
}

/// Keeps what a client sends.
private final class SilentBroker: StreamHandler {
    private var received: [UInt8] = []

    func streamReadable(_ read: (UnsafeMutableRawBufferPointer) -> Int) {}
    func streamReceived(_ bytes: UnsafeRawBufferPointer) { received += bytes }
    func streamSent(_ byteCount: Int) {}
    func streamClosed(_ error: AMQPError?) {}

    /// The method behind the protocol header, if it is start-ok.
    func startOK() throws -> ConnectionStartOK? {
        #expect(received.starts(with: Array("AMQP\0\0\u{9}\u{1}".utf8)))
        var output = OutputBuffer()
        try output.append(.connectionStart(.offering("")), channel: 0, frameMax: 4096)
        var decoder = FrameDecoder(frameLimit: 4096)
        output.takeAll { decoder.append($0) }
        _ = try decoder.next()
        decoder.append(ByteSlice(received.dropFirst(8)))
        guard let frame = try decoder.next(), case .connectionStartOK(let startOK) = try Method(frame) else {
            return nil
        }
        return startOK
    }
}
