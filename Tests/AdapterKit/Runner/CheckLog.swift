internal import AMQPConnection

/// What a check found wrong so far; any thread may add to it.
final class CheckLog: Sendable {
    private let failures = Guarded<[String]>([])

    /// At most this many are kept: the first ones tell most.
    private static let limit = 20

    func add(_ failure: String) {
        failures.withLock { failures in
            if failures.count < Self.limit { failures.append(failure) }
        }
    }

    var all: [String] { failures.withLock { $0 } }
}
