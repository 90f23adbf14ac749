internal import AcceptanceScenarios
internal import AdapterKit
internal import MatrixSupport
internal import Testing

/// Runs every scenario against the real broker on every adapter, one at a time, and proves that it did.
///
/// `OCHOTONA_SCENARIOS=word` runs only the scenarios with that word in their names.
@Suite(.serialized, MatrixRecorder.acceptance) struct AcceptanceTests {
    @Test(arguments: adapters, SelectedScenarios.onSharedBroker)
    func adapterPasses(adapter: AdapterUnderTest, scenario: AdapterCheck) async {
        let result = await CheckRunner.run(scenario, on: adapter, patience: TestSettings.patience)
        MatrixRecorder.acceptance.add(result)
        #expect(result.outcome.isFine, "\(result)")
    }

    /// What would disturb others runs on a node of its own.
    @Suite(PrivateNodeScope()) struct OnPrivateNode {
        @Test(arguments: adapters, SelectedScenarios.onPrivateNode)
        func adapterPasses(adapter: AdapterUnderTest, scenario: AdapterCheck) async {
            let result = await CheckRunner.run(scenario, on: adapter, patience: TestSettings.patience)
            MatrixRecorder.acceptance.add(result)
            #expect(result.outcome.isFine, "\(result)")
        }
    }
}

extension MatrixRecorder {
    /// The scenarios against the real broker.
    static let acceptance = MatrixRecorder(
        CheckMatrix(checks: SelectedScenarios.onSharedBroker + SelectedScenarios.onPrivateNode, adapters: adapters),
        fileVariable: "OCHOTONA_ACCEPTANCE_FILE", minimumCount: TestSettings.scenarioWord == nil ? 150 : 1,
        timeGoal: .seconds(900)
    ) { matrix in
        """
        # Which adapter passes which scenario

        \(matrix.checks.count) scenarios against a real RabbitMQ 3.10, each written once
        (`Tests/AcceptanceScenarios`) and run on \(matrix.adapters.count) adapters.
        ✓ passed, ✗ failed. Written by `Tests/ConformanceTests`, which also proves that no cell is missing.

        \(matrix.markdown)
        """
    }
}
