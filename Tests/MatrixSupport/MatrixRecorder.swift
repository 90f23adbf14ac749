import AMQPConnection
public import AdapterKit
import Foundation
public import Testing

/// Collects the results of all cells of a matrix and proves at the end that every check ran on every adapter.
///
/// The matrix is printed, and written into the file that an environment variable names.
public struct MatrixRecorder: SuiteTrait, TestScoping {
    /// The matrix, as far as it is known.
    let matrix: Guarded<CheckMatrix>
    /// The environment variable that names the file.
    let fileVariable: String
    /// How many checks there must be at least.
    let minimumCount: Int
    /// How long the suite should take on two processors of its own; `nil` if that does not matter.
    let timeGoal: Duration?
    /// The file's text.
    let document: @Sendable (CheckMatrix) -> String

    /// Makes the recorder of an empty matrix.
    ///
    /// - Parameters:
    ///   - matrix: the names of its rows and columns.
    ///   - fileVariable: the environment variable that names the file.
    ///   - minimumCount: how many checks there must be at least.
    ///   - timeGoal: how long the suite should take; the file then tells how long it took. It is no failure to take longer:
    ///     the machine may have other work.
    ///   - document: the file's text.
    public init(
        _ matrix: CheckMatrix, fileVariable: String, minimumCount: Int = 0, timeGoal: Duration? = nil,
        document: @escaping @Sendable (CheckMatrix) -> String
    ) {
        self.matrix = Guarded(matrix)
        self.fileVariable = fileVariable
        self.minimumCount = minimumCount
        self.timeGoal = timeGoal
        self.document = document
    }

    /// Adds the result of one cell.
    public func add(_ result: CheckResult) {
        matrix.withLock { $0.add(result) }
    }

    /// Runs the suite, then looks whether the matrix is complete.
    public func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        let begin = ContinuousClock.now
        try await function()
        let matrix = self.matrix.withLock { $0 }
        #expect(matrix.ambiguousNames.isEmpty)
        #expect(matrix.missingCells.isEmpty)
        #expect(matrix.checks.count >= minimumCount)
        print(matrix.markdown)
        let elapsed = ContinuousClock.now - begin
        let seconds = Int(elapsed / .seconds(1))
        var text = document(matrix)
        if let timeGoal {
            let goal = Int(timeGoal / .seconds(1))
            text += "\nAll of it took \(seconds) seconds beside other suites; the goal is \(goal) alone.\n"
        }
        print(
            "\(test.name): \(matrix.checks.count) checks on \(matrix.adapters.count) adapters, "
                + "\(matrix.results.count) cells, \(matrix.failures.count) failures, \(seconds) s")
        if let path = ProcessInfo.processInfo.environment[fileVariable] {
            try text.write(toFile: path, atomically: true, encoding: .utf8)
        }
    }
}
