internal import AMQPConnection
internal import AdapterKit
internal import Foundation
internal import Testing

/// Collects the results of all cells and proves at the end that every check ran on every adapter.
///
/// The matrix is printed, and written into the file that `OCHOTONA_MATRIX_FILE` names.
struct MatrixRecorder: SuiteTrait, TestScoping {
    private static let matrix = Guarded(CheckMatrix(checks: AdapterCheck.all, adapters: adapters))

    static func add(_ result: CheckResult) {
        matrix.withLock { $0.add(result) }
    }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        try await function()
        let matrix = Self.matrix.withLock { $0 }
        #expect(matrix.ambiguousNames.isEmpty)
        #expect(matrix.missingCells.isEmpty)
        print(matrix.markdown)
        if let path = ProcessInfo.processInfo.environment["OCHOTONA_MATRIX_FILE"] {
            let text = """
                # Which adapter passes which check

                ✓ passed, ✗ failed, – not applicable (the adapter does not offer what the check needs).
                Written by `Tests/ConformanceTests`; [the kit](conformance.md) says what the checks are.

                \(matrix.markdown)
                ## What the checks cover

                L1 to L10 are the laws of the [loop contract](architecture.md); the rest are the cases that Pika tests
                its I/O services with.

                \(CheckMatrix.coverage())
                """
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
    }
}
