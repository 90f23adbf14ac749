internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Synchronization
internal import Testing

/// Credentials that expire are replaced on the open connection, on the virtual clock.
@Suite struct CredentialsRefreshTests {
    /// Gives tokens by number, or what a test says.
    final class TokenProvider: CredentialsProvider {
        typealias Answer = Result<any Credentials, any Error>
        private let state: Mutex<(count: Int, answer: @Sendable (Int) -> Answer?)>

        init(_ answer: @escaping @Sendable (Int) -> Answer?) {
            state = Mutex((0, answer))
        }

        convenience init(validFor: Duration) {
            self.init { .success(TokenProvider.token($0, validFor)) }
        }

        static func token(_ number: Int, _ validFor: Duration) -> any Credentials {
            ExpiringCredentials(username: "", password: "token \(number)", validFor: validFor)
        }

        var count: Int { state.withLock { $0.count } }

        func provideCredentials(_ completion: @escaping @Sendable (Answer) -> Void) {
            let answer = state.withLock { state in
                state.count += 1
                return state.answer(state.count)
            }
            if let answer { completion(answer) }
        }
    }

    /// A rig whose broker takes new secrets, and the secrets with the time in seconds.
    final class Secrets {
        let rig = Rig()
        private(set) var lines: [String] = []
        var isSilent = false
        private let start: LoopInstant

        init() {
            start = rig.loop.now
            rig.broker.onMethod = { [unowned self] broker, method, _ in
                guard case .connectionUpdateSecret(let update) = method else { return false }
                lines.append("\(update.newSecret.text) \(time)")
                if !isSilent { broker.send(.connectionUpdateSecretOK(ConnectionUpdateSecretOK())) }
                return true
            }
        }

        var time: Int { Int(start.duration(to: rig.loop.now) / .seconds(1)) }

        func open(_ provider: TokenProvider, requestTimeout: Duration? = .seconds(5)) -> Connection {
            rig.open(ConnectionParameters(credentialsProvider: provider, requestTimeout: requestTimeout))
        }

        func close(_ connection: Connection) {
            connection.close()
            rig.loop.run(until: { false })
        }
    }

    @Test func theyAreReplacedWhenFourFifthsOfTheirTimeHavePassedAgainAndAgain() {
        let secrets = Secrets()
        let provider = TokenProvider(validFor: .seconds(100))
        let connection = secrets.open(provider)
        secrets.rig.loop.advance(by: .seconds(250))
        #expect(secrets.lines == ["token 2 80", "token 3 160", "token 4 240"])
        #expect(provider.count == 4)
        #expect(secrets.rig.log.lines == ["open"])
        secrets.close(connection)
        #expect(provider.count == 4, "nothing is asked after the end")
    }

    @Test func aProviderThatFailsIsReportedAndAskedAgainWithGrowingDelays() {
        let secrets = Secrets()
        let connection = secrets.open(
            TokenProvider { number in
                (2 ... 4).contains(number)
                    ? .failure(FailingProvider.Failure()) : .success(TokenProvider.token(number, .seconds(100)))
            })
        secrets.rig.loop.advance(by: .seconds(100))
        #expect(secrets.lines == ["token 5 87"], "80, then 1, 2 and 4 seconds later")
        let error = "error: credentialsUnavailable"
        #expect(secrets.rig.log.lines == ["open", error, error, error])
        secrets.rig.loop.advance(by: .seconds(70))
        #expect(secrets.lines == ["token 5 87", "token 6 167"])
        secrets.close(connection)
    }

    @Test func aProviderThatIsSilentHasTheRequestTimeout() {
        let secrets = Secrets()
        let connection = secrets.open(
            TokenProvider { $0 == 2 ? nil : .success(TokenProvider.token($0, .seconds(100))) })
        secrets.rig.loop.advance(by: .seconds(100))
        #expect(secrets.lines == ["token 3 86"])
        #expect(secrets.rig.log.lines == ["open", "error: credentialsUnavailable"])
        secrets.close(connection)
    }

    @Test func aBrokerThatDoesNotAnswerIsReportedAndGetsTheNextSecret() {
        let secrets = Secrets()
        secrets.isSilent = true
        let connection = secrets.open(TokenProvider(validFor: .seconds(100)))
        secrets.rig.loop.advance(by: .seconds(95))
        #expect(secrets.lines == ["token 2 80", "token 3 86", "token 4 93"])
        #expect(secrets.rig.log.lines == ["open", "error: deadlineExceeded", "error: deadlineExceeded"])
        secrets.close(connection)
    }

    @Test func credentialsWithoutAnEndAreTheLast() {
        let secrets = Secrets()
        let provider = TokenProvider {
            .success($0 == 1 ? TokenProvider.token($0, .seconds(10)) : PlainCredentials(password: "for ever"))
        }
        let connection = secrets.open(provider)
        secrets.rig.loop.advance(by: .seconds(1000))
        #expect(secrets.lines == ["for ever 8"])
        #expect(provider.count == 2)
        secrets.close(connection)
    }

    @Test func credentialsWithoutASecretAndExpiredOnesAreReported() {
        let secrets = Secrets()
        let connection = secrets.open(
            TokenProvider { number in
                switch number {
                case 2: .success(ExternalCredentials())
                case 3: .success(TokenProvider.token(number, .zero))
                default: .success(TokenProvider.token(number, .seconds(100)))
                }
            })
        secrets.rig.loop.advance(by: .seconds(100))
        #expect(secrets.lines == ["token 4 83"])
        #expect(secrets.rig.log.lines == ["open", "error: credentialsUnavailable", "error: invalidArgument"])
        secrets.close(connection)
    }

    @Test func theTimeCountsFromTheProvidersAnswerNotFromTheOpenConnection() {
        let secrets = Secrets()
        let start = secrets.rig.broker.onMethod
        secrets.rig.broker.onMethod = { [loop = secrets.rig.loop] broker, method, channel in
            guard method.id == .connectionOpen else { return start(broker, method, channel) }
            loop.callLater(.seconds(9)) {
                broker.send(.connectionOpenOK(ConnectionOpenOK()))
                broker.flush()
            }
            return true
        }
        let connection = secrets.rig.connect(
            ConnectionParameters(credentialsProvider: TokenProvider(validFor: .seconds(100))))
        secrets.rig.loop.advance(by: .seconds(90))
        #expect(secrets.lines == ["token 2 80"])
        secrets.close(connection)
    }

    @Test(arguments: [0, 79, 80, 82, 84, 86])
    func closingEndsItAtEachStage(time: Int) {
        weak var weakConnection: Connection?
        let secrets = Secrets()
        secrets.isSilent = true
        let provider = TokenProvider { $0 == 2 ? nil : .success(TokenProvider.token($0, .seconds(100))) }
        do {
            let connection = secrets.open(provider)
            weakConnection = connection
            secrets.rig.loop.advance(by: .seconds(time))
            secrets.rig.log.call { connection.close(completion: secrets.rig.log.completion("close")) }
        }
        let count = provider.count
        secrets.rig.loop.run(until: { false })
        #expect(
            secrets.rig.log.lines.filter { $0.hasPrefix("close") } == [
                "closed: connectionClosedByClient 200", "close: ok",
            ])
        #expect(provider.count == count)
        #expect(weakConnection == nil)
    }

    @Test func noDescriptionShowsTheSecret() {
        let credentials = ExpiringCredentials(username: "u", password: "hidden", validFor: .seconds(1))
        #expect(!"\(credentials)".contains("hidden"))
        #expect(!String(reflecting: credentials).contains("hidden"))
    }
}
