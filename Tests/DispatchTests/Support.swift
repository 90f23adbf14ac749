import Dispatch
import Foundation
import Testing

/// Runs `body` on a thread of its own; a thread that does not end in time is a failure.
func onThread(
    limit: TimeInterval = 20, _ body: @escaping @Sendable () throws -> Void,
    sourceLocation: SourceLocation = #_sourceLocation
) async throws {
    let ended = DispatchSemaphore(value: 0)
    let outcome: Result<Void, any Error>? = await withCheckedContinuation { continuation in
        Thread {
            let box = Outcome()
            Thread {
                box.set(Result { try body() })
                ended.signal()
            }.start()
            continuation.resume(returning: ended.wait(timeout: .now() + limit) == .success ? box.get() : nil)
        }.start()
    }
    try #require(outcome, "the thread did not end within \(limit) s", sourceLocation: sourceLocation).get()
}

// SAFETY: `value` is touched under the lock only.
private final class Outcome: @unchecked Sendable {
    private let lock = NSLock()
    private var value: Result<Void, any Error>?

    func set(_ value: Result<Void, any Error>) { lock.withLock { self.value = value } }

    func get() -> Result<Void, any Error>? { lock.withLock { value } }
}

/// A condition that a queue fulfils and a thread waits for.
struct Signal: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)

    func give() { semaphore.signal() }

    /// Waits for it; `false` if it does not come.
    @available(*, noasync)
    func came(within limit: TimeInterval = 10) -> Bool { semaphore.wait(timeout: .now() + limit) == .success }
}
