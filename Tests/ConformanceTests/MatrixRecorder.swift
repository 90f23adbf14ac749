internal import AMQPConnection
internal import AdapterKit
internal import Foundation
internal import Testing

/// Collects the results of all cells of a matrix and proves at the end that every check ran on every adapter.
///
/// The matrix is printed, and written into the file that an environment variable names.
struct MatrixRecorder: SuiteTrait, TestScoping {
    /// The matrix, as far as it is known.
    let matrix: Guarded<CheckMatrix>
    /// The environment variable that names the file.
    let fileVariable: String
    /// How many checks there must be at least.
    let minimumCount: Int
    /// The file's text.
    let document: @Sendable (CheckMatrix) -> String

    init(
        _ checks: [AdapterCheck], fileVariable: String, minimumCount: Int = 0,
        document: @escaping @Sendable (CheckMatrix) -> String
    ) {
        matrix = Guarded(CheckMatrix(checks: checks, adapters: adapters))
        self.fileVariable = fileVariable
        self.minimumCount = minimumCount
        self.document = document
    }

    func add(_ result: CheckResult) {
        matrix.withLock { $0.add(result) }
    }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let begin = ContinuousClock.now
        try await function()
        let matrix = self.matrix.withLock { $0 }
        #expect(matrix.ambiguousNames.isEmpty)
        #expect(matrix.missingCells.isEmpty)
        #expect(matrix.checks.count >= minimumCount)
        print(matrix.markdown)
        let elapsed = (ContinuousClock.now - begin) / .seconds(1)
        print(
            "\(test.name): \(matrix.checks.count) checks on \(matrix.adapters.count) adapters, "
                + "\(matrix.results.count) cells, \(matrix.failures.count) failures, \(Int(elapsed)) s")
        if let path = ProcessInfo.processInfo.environment[fileVariable] {
            try document(matrix).write(toFile: path, atomically: true, encoding: .utf8)
        }
    }
}
