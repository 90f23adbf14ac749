internal import AdapterKit
internal import FaceScenarios
internal import MatrixSupport
internal import Testing

/// Runs every scenario for faces against the real broker on every face, and proves that it did.
///
/// The scenarios of one face run one after the other; the faces do not wait for each other. `OCHOTONA_SCENARIOS=word` runs
/// only the scenarios with that word in their names.
@Suite(MatrixRecorder.faces) struct FaceTests {
    @Test(arguments: FaceScenarios.faces.indices)
    func facePasses(_ index: Int) async {
        let face = FaceScenarios.faces[index]
        for scenario in selectedScenarios {
            let result = await FaceRunner.run(scenario, on: face, patience: TestSettings.patience)
            MatrixRecorder.faces.add(result)
            #expect(result.outcome.isFine, "\(result)")
        }
    }
}

/// The scenarios to run: all of them, or those that ``TestSettings/scenarioWord`` selects.
private let selectedScenarios = FaceScenarios.all.filter { scenario in
    TestSettings.scenarioWord.map { scenario.name.contains($0) } ?? true
}

extension MatrixRecorder {
    /// The scenarios for faces.
    static let faces = MatrixRecorder(
        CheckMatrix(
            checks: selectedScenarios.map(\.name), adapters: FaceScenarios.faces.map(\.name), layer: .session),
        fileVariable: "OCHOTONA_FACES_FILE", minimumCount: TestSettings.scenarioWord == nil ? 100 : 1
    ) { matrix in
        """
        # Which face passes which scenario

        \(matrix.checks.count) scenarios against a real RabbitMQ 3.10, each written once (`Tests/FaceScenarios`) against
        the calls that every way of using the library has, and run on \(matrix.adapters.count) of them: continuations on
        an epoll(7) loop, blocking calls, futures on SwiftNIO, and async/await.
        ✓ passed, ✗ failed. Written by `Tests/FaceTests`, which also proves that no cell is missing.

        \(matrix.markdown)
        """
    }
}
