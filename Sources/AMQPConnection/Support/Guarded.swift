import Synchronization

/// A value that one thread at a time may use: a `Mutex` whose order the thread sanitizer can see.
///
/// The sanitizer does not know `Mutex` on Linux, and takes everything that it guards for a race. It does know atomic
/// operations that are compiled here, so the lock is accompanied by a pair of them, which cost about a nanosecond.
// SAFETY: `value` is used in `withLock` only, under the mutex.
package final class Guarded<Value: Sendable>: @unchecked Sendable {
    private let mutex = Mutex(())
    private let order = Atomic<Int>(0)
    private var value: Value

    package init(_ value: Value) {
        self.value = value
    }

    /// Calls `body` with the value while no other thread has it.
    ///
    /// `body` must not come back here, and calls nothing of the user's.
    package func withLock<Result, Failure: Error>(
        _ body: (inout Value) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try mutex.withLock { _ throws(Failure) -> Result in
            _ = order.load(ordering: .acquiring)
            defer { order.store(0, ordering: .releasing) }
            return try body(&value)
        }
    }
}
