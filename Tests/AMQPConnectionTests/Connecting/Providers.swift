internal import AMQPConnection
internal import Synchronization

/// Gives guest's credentials, and counts how often it was asked.
final class CountingProvider: CredentialsProvider {
    private let asked = Mutex(0)

    var count: Int { asked.withLock { $0 } }

    func provideCredentials(_ completion: @escaping @Sendable (Result<any Credentials, any Error>) -> Void) {
        asked.withLock { $0 += 1 }
        completion(.success(PlainCredentials()))
    }
}

/// Never has credentials.
struct FailingProvider: CredentialsProvider {
    struct Failure: Error {}

    func provideCredentials(_ completion: @escaping @Sendable (Result<any Credentials, any Error>) -> Void) {
        completion(.failure(Failure()))
    }
}
