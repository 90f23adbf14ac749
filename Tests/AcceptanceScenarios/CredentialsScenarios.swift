import AMQPConnection
import AdapterKit

/// Logging in, by each mechanism and from URLs.
enum CredentialsScenarios {
    static let all: [AdapterCheck] = [
        opens("amqplain-logs-in") { $0.credentials = AMQPlainCredentials() },
        opens("the-first-offered-of-a-choice-logs-in") {
            $0.credentials = CredentialsChoice([ExternalCredentials(), AMQPlainCredentials(), PlainCredentials()])
        },
        opens("a-provider-logs-in") {
            $0.credentials = PlainCredentials(password: "not asked for")
            $0.credentialsProvider = GuestProvider()
        },
        opens("printed-parameters-connect") { parameters in
            parameters.connectionName = "from a URL & back"
            parameters.clientProperties = ["nested": ["list": [1, true, 2.5, "text"]]]
            parameters.socketOptions.keepAliveIdle = 60
            parameters.heartbeat = 30
            guard let url = try? parameters.urlIncludingPassword(), let parsed = try? ConnectionParameters(url: url)
            else { return parameters.host = "host.invalid" }
            parameters = parsed
        },
        .scenario("a-function-of-the-proposal-sets-the-heartbeat") { session in
            var parameters = session.parameters
            parameters.heartbeat = .chosen { proposal in proposal / 2 }
            session.connect(parameters) { connection in
                session.check.expectEqual(connection.tuned?.heartbeat, 30, "heartbeat")
                session.finish()
            }
        },
        .scenario("amqplain-with-a-wrong-password-is-refused-with-403") { session in
            var parameters = session.parameters
            parameters.credentials = AMQPlainCredentials(password: "wrong")
            session.connectExpectingFailure(parameters) { error in
                session.expect(error, .authenticationRefused, replyCode: 403, "wrong password")
                session.finish()
            }
        },
        .scenario("external-is-not-offered-without-its-plugin") { session in
            var parameters = session.parameters
            parameters.credentials = ExternalCredentials()
            session.connectExpectingFailure(parameters) { error in
                session.expect(error, .authenticationMechanismNotOffered, "EXTERNAL")
                session.check.expect("\(error)".contains("EXTERNAL"), "the error does not name the mechanism: \(error)")
                session.finish()
            }
        },
        .scenario("erased-credentials-open-one-connection") { session in
            var parameters = session.parameters
            parameters.credentials = ErasingCredentials(PlainCredentials())
            session.connect(parameters) { _ in
                session.connectExpectingFailure(parameters) { error in
                    session.expect(error, .invalidArgument, "erased credentials")
                    session.finish()
                }
            }
        },
        .scenario("a-provider-that-was-wrong-is-asked-again-at-the-next-attempt") { session in
            let provider = RecordingProvider { count in PlainCredentials(password: count == 1 ? "wrong" : "guest") }
            var parameters = session.parameters
            parameters.credentialsProvider = provider
            parameters.connectionAttempts = 2
            parameters.retryDelay = .zero
            session.connect(parameters) { connection in
                session.check.expectEqual(provider.count, 2, "how often the provider was asked")
                session.check.expectEqual(
                    connection.connectionFailures.map(\.cause.code), [.authenticationRefused], "failures")
                session.finish()
            }
        },
        .scenario("credentials-that-expire-are-replaced-while-the-connection-is-open") { session in
            let provider = RecordingProvider { _ in
                ExpiringCredentials(username: "guest", password: "guest", validFor: .milliseconds(500))
            }
            var parameters = session.parameters
            parameters.credentialsProvider = provider
            // They are good for a while from the provider's answer on, which comes before the connection is open.
            let start = session.loop.now
            session.connect(parameters) { connection in
                connection.onError { _, error in session.check.fail("\(error)") }
                var answers = 0
                connection.onMethod(.connectionUpdateSecretOK) { connection, _ in
                    answers += 1
                    guard answers == 2 else { return }
                    session.check.expectEqual(provider.count, 3, "how often the provider was asked")
                    session.check.expect(
                        start.duration(to: session.loop.now) >= .milliseconds(800), "they were replaced too early")
                    session.channel(on: connection) { _ in session.finish() }
                }
            }
        },
    ]

    /// A connection with changed parameters opens.
    private static func opens(
        _ name: String, _ change: @escaping @Sendable (inout ConnectionParameters) -> Void
    ) -> AdapterCheck {
        .scenario(name) { session in
            var parameters = session.parameters
            change(&parameters)
            session.connect(parameters) { connection in
                session.check.expect(connection.isOpen, "the connection is not open in onOpen")
                session.finish()
            }
        }
    }
}

/// Provides what a function of the number of the question says, at once.
private final class RecordingProvider: CredentialsProvider {
    private let asked = Guarded(0)
    private let answer: @Sendable (Int) -> any Credentials

    init(_ answer: @escaping @Sendable (Int) -> any Credentials) {
        self.answer = answer
    }

    /// How often it was asked.
    var count: Int { asked.withLock { $0 } }

    func provideCredentials(_ completion: @escaping @Sendable (Result<any Credentials, any Error>) -> Void) {
        let count = asked.withLock { count in
            count += 1
            return count
        }
        completion(.success(answer(count)))
    }
}

/// Provides guest, at once.
private struct GuestProvider: CredentialsProvider {
    func provideCredentials(_ completion: @escaping @Sendable (Result<any Credentials, any Error>) -> Void) {
        completion(.success(PlainCredentials()))
    }
}
