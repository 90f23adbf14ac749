internal import AdapterKit
internal import Testing

/// Runs every check of the kit on every adapter, and proves that it did.
///
/// The checks of one adapter run one after the other; the adapters do not wait for each other.
@Suite(MatrixRecorder()) struct ConformanceTests {
    @Test(arguments: adapters)
    func adapterPassesEveryCheck(adapter: AdapterUnderTest) async {
        for check in AdapterCheck.all {
            let result = await CheckRunner.run(check, on: adapter)
            MatrixRecorder.add(result)
            #expect(result.outcome.isFine, "\(result)")
        }
    }
}
