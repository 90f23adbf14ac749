internal import AcceptanceScenarios
internal import AdapterKit
internal import Testing

/// Runs every scenario against the real broker on every adapter.
@Suite(.serialized) struct AcceptanceTests {
    @Test(arguments: adapters, Scenarios.all)
    func adapterPasses(adapter: AdapterUnderTest, scenario: AdapterCheck) async {
        let result = await CheckRunner.run(scenario, on: adapter)
        #expect(result.outcome.isFine, "\(result)")
    }
}
