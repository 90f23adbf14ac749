internal import AdapterKit
internal import MatrixSupport
internal import Testing

/// Runs every check of the kit on every adapter, and proves that it did.
///
/// The checks of one adapter run one after the other; the adapters do not wait for each other. On slow machines and under
/// sanitizers, `OCHOTONA_PATIENCE=8` makes all limits eight times as long.
@Suite(MatrixRecorder.conformance) struct ConformanceTests {
    @Test(arguments: adapters)
    func adapterPassesEveryCheck(adapter: AdapterUnderTest) async {
        for check in AdapterCheck.all {
            let result = await CheckRunner.run(check, on: adapter, patience: TestSettings.patience)
            MatrixRecorder.conformance.add(result)
            #expect(result.outcome.isFine, "\(result)")
        }
    }
}

extension MatrixRecorder {
    /// The kit's checks.
    static let conformance = MatrixRecorder(
        CheckMatrix(checks: AdapterCheck.all, adapters: adapters), fileVariable: "OCHOTONA_MATRIX_FILE"
    ) { matrix in
        """
        # Which adapter passes which check

        ✓ passed, ✗ failed, – not applicable (the adapter does not offer what the check needs).
        Written by `Tests/ConformanceTests`; [the kit](conformance.md) says what the checks are.

        \(matrix.markdown)
        ## What the checks cover

        L1 to L10 are the laws of the [loop contract](architecture.md); the rest are the cases that Pika tests
        its I/O services with.

        \(CheckMatrix.coverage())
        """
    }
}
