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

/// Provides guest, at once.
private struct GuestProvider: CredentialsProvider {
    func provideCredentials(_ completion: @escaping @Sendable (Result<any Credentials, any Error>) -> Void) {
        completion(.success(PlainCredentials()))
    }
}
