import Foundation

/// Runs `body`, which may block, on a thread of its own and awaits its result.
///
/// A blocked thread of the cooperative pool would hold up every other test, so whatever runs a loop or a program goes
/// through here.
public func onOwnThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        let thread = Thread { continuation.resume(with: Result { try body() }) }
        thread.stackSize = 2 << 20
        thread.start()
    }
}
