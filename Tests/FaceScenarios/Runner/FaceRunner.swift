public import AdapterKit
import AMQPConnection

/// Runs scenarios on faces, with a time limit, so that a hang is a failure with a name.
public enum FaceRunner {
    /// Runs one scenario on one face.
    ///
    /// - Parameters:
    ///   - scenario: what must hold.
    ///   - face: how the library is used.
    ///   - patience: by how much the limit is stretched, for slow machines and sanitizers.
    /// - Returns: the result; a scenario that has hung is left to itself.
    public static func run(_ scenario: FaceScenario, on face: any Face, patience: Int = 1) async -> CheckResult {
        let begin = ContinuousClock.now
        let limit = scenario.limit * patience
        let finished = Inbox<Void>()
        let run: FaceRun
        do {
            run = try FaceRun(face)
        } catch {
            return CheckResult(
                check: scenario.name, layer: .session, adapter: face.name, outcome: .failed(["\(error)"]),
                elapsed: .zero)
        }
        Task {
            await run.perform(scenario.body)
            finished.put(())
        }
        let outcome: CheckOutcome
        do throws(AMQPError) {
            _ = try await finished.next(within: limit)
            outcome = run.failures.isEmpty ? .passed : .failed(run.failures)
        } catch {
            outcome = .hung(after: limit, failures: run.failures)
        }
        return CheckResult(
            check: scenario.name, layer: .session, adapter: face.name, outcome: outcome,
            elapsed: begin.duration(to: .now))
    }
}
