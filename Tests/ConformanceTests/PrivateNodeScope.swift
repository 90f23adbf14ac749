internal import BrokerSupport
internal import Testing

/// Starts the private node before a suite and ends it afterwards.
struct PrivateNodeScope: SuiteTrait, TestScoping {
    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await onOwnThread { try PrivateNode.start() }
        do {
            try await function()
        } catch {
            try await onOwnThread { try PrivateNode.stop() }
            throw error
        }
        try await onOwnThread { try PrivateNode.stop() }
    }
}
