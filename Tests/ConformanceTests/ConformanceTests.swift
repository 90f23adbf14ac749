internal import AdapterKit
internal import Testing

/// Runs every check of the kit on every adapter, and proves that it did.
@Suite(.serialized, MatrixRecorder()) struct ConformanceTests {
    @Test(arguments: adapters, AdapterCheck.all)
    func adapterPasses(adapter: AdapterUnderTest, check: AdapterCheck) async {
        let result = await CheckRunner.run(check, on: adapter)
        MatrixRecorder.add(result)
        #expect(result.outcome.isFine, "\(result)")
    }
}
