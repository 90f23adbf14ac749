/// When the credentials of an open connection are replaced.
///
///     idle --obtained--> waiting --due--> asking --obtained--> updating --confirmed--> waiting
///                           ^               |                      |
///                           +--- back-off --+----------------------+
///
/// Credentials without an end lead back to idle. Failures are tried again with a growing delay, also after the end: the
/// broker decides what it still takes.
struct CredentialsRefresh {
    /// The part of the time after which credentials are replaced.
    private static let ratio = 0.8
    private static let backoff = Backoff(.seconds(1), factor: 2, maximum: .seconds(60), jitter: 0)

    private enum State {
        case idle
        case waiting
        case asking
        case updating(until: LoopInstant?)
    }

    private var state = State.idle
    private var failures = 0
    private var random = SystemRandomNumberGenerator()

    /// When to ask the provider; `nil` if nothing is to be replaced, or something is under way.
    private(set) var due: LoopInstant?

    /// The connection is open with credentials that were given at an instant.
    mutating func opened(with credentials: (any Credentials)?, obtained: LoopInstant) {
        confirmed(CredentialsRefresh.due(credentials, obtained))
    }

    /// The instant has come; returns whether to ask the provider.
    mutating func duePassed() -> Bool {
        guard case .waiting = state else { return false }
        state = .asking
        due = nil
        return true
    }

    /// The provider has given credentials; returns the secret for the broker, or `nil` if these have none.
    mutating func obtained(_ credentials: any Credentials, at now: LoopInstant) -> String? {
        guard case .asking = state else { return nil }
        let password = (credentials as? any UserNameCredentials)?.password
        guard let secret = (credentials as? ExpiringCredentials)?.secret ?? password else { return nil }
        state = .updating(until: CredentialsRefresh.due(credentials, now))
        return secret
    }

    /// The broker has taken the secret.
    mutating func updated() {
        guard case .updating(let next) = state else { return }
        confirmed(next)
    }

    /// The provider or the broker failed.
    mutating func failed(at now: LoopInstant) {
        failures = min(failures + 1, 1000)
        state = .waiting
        due = now.advanced(by: CredentialsRefresh.backoff.delay(after: failures, using: &random))
    }

    private mutating func confirmed(_ next: LoopInstant?) {
        failures = 0
        due = next
        state = next == nil ? .idle : .waiting
    }

    private static func due(_ credentials: (any Credentials)?, _ obtained: LoopInstant) -> LoopInstant? {
        guard let credentials = credentials as? ExpiringCredentials else { return nil }
        return obtained.advanced(by: credentials.validFor * ratio)
    }
}
