import AMQPConnection

/// Why a channel or a connection is over, for all who wait for that.
final class Ending: Sendable {
    private struct State: Sendable {
        var reason: AMQPError?
        var waiters: [CheckedContinuation<AMQPError, Never>] = []
    }

    private let state = Guarded(State())

    /// The reason, as soon as there is one.
    var reason: AMQPError? { state.withLock { $0.reason } }

    func set(_ reason: AMQPError) {
        let waiters = state.withLock { state in
            if state.reason == nil { state.reason = reason }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume(returning: reason) }
    }

    func wait() async -> AMQPError {
        await withCheckedContinuation { continuation in
            let reason = state.withLock { state in
                if state.reason == nil { state.waiters.append(continuation) }
                return state.reason
            }
            if let reason { continuation.resume(returning: reason) }
        }
    }
}
