internal import AdapterKit
internal import Testing

/// Runs every check of the kit on every adapter.
@Suite(.serialized) struct ConformanceTests {
    @Test(arguments: adapters, AdapterCheck.all)
    func adapterPasses(adapter: AdapterUnderTest, check: AdapterCheck) async {
        let result = await CheckRunner.run(check, on: adapter)
        #expect(result.outcome.isFine, "\(result)")
    }
}
