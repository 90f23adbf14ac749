internal import AdapterKit
internal import Foundation
internal import Testing

/// Runs every check of the kit on every adapter, and proves that it did.
///
/// The checks of one adapter run one after the other; the adapters do not wait for each other. On slow machines and under
/// sanitizers, `OCHOTONA_PATIENCE=8` makes all limits eight times as long.
@Suite(MatrixRecorder()) struct ConformanceTests {
    private static let patience = ProcessInfo.processInfo.environment["OCHOTONA_PATIENCE"].flatMap { Int($0) } ?? 1

    @Test(arguments: adapters)
    func adapterPassesEveryCheck(adapter: AdapterUnderTest) async {
        for check in AdapterCheck.all {
            let result = await CheckRunner.run(check, on: adapter, patience: Self.patience)
            MatrixRecorder.add(result)
            #expect(result.outcome.isFine, "\(result)")
        }
    }
}
