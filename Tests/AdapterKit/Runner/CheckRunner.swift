internal import AMQPPosix

/// Runs checks, each on a thread of its own with a time limit, so that a hang is a failure with a name.
public enum CheckRunner {
    private final class Finish: Sendable {
        let log = CheckLog()
        let gate = Gate()
    }

    /// Runs one check on one adapter and waits for it; must not be called on Swift's cooperative pool.
    ///
    /// - Parameters:
    ///   - check: what to check.
    ///   - adapter: what to check it on.
    ///   - limit: a time limit instead of the check's own.
    ///   - patience: by how much all limits are stretched, for slow machines and sanitizers.
    @available(*, noasync, message: "this call blocks; use the asynchronous one")
    public static func run(
        _ check: AdapterCheck, on adapter: AdapterUnderTest, limit: Duration? = nil, patience: Int = 1
    ) -> CheckResult {
        let missing = check.needs.subtracting(adapter.features)
        guard missing.isEmpty else {
            return result(check, adapter, .notApplicable(missing: missing), .zero)
        }
        let begin = System.now
        let finish = Finish()
        do {
            try System.detachThread {
                perform(check, on: adapter, log: finish.log, patience: patience)
                finish.gate.open()
            }
        } catch {
            return result(check, adapter, .failed(["\(error)"]), .zero)
        }
        let limit = (limit ?? check.limit) * patience
        let ended = finish.gate.wait(within: limit)
        let failures = finish.log.all
        let outcome: CheckOutcome =
            if !ended { .hung(after: limit, failures: failures) } else if failures.isEmpty { .passed } else {
                .failed(failures)
            }
        return result(check, adapter, outcome, begin.duration(to: System.now))
    }

    /// Runs one check on one adapter without blocking the caller's thread.
    ///
    /// - Parameters:
    ///   - check: what to check.
    ///   - adapter: what to check it on.
    ///   - limit: a time limit instead of the check's own.
    ///   - patience: by how much all limits are stretched, for slow machines and sanitizers.
    public static func run(
        _ check: AdapterCheck, on adapter: AdapterUnderTest, limit: Duration? = nil, patience: Int = 1
    ) async -> CheckResult {
        await withCheckedContinuation { continuation in
            do {
                try System.detachThread {
                    continuation.resume(returning: run(check, on: adapter, limit: limit, patience: patience))
                }
            } catch {
                continuation.resume(returning: result(check, adapter, .failed(["\(error)"]), .zero))
            }
        }
    }

    /// Runs many checks on many adapters, one after the other.
    public static func matrix(
        of checks: [AdapterCheck] = AdapterCheck.all, on adapters: [AdapterUnderTest]
    ) async -> CheckMatrix {
        var results: [CheckResult] = []
        for adapter in adapters {
            for check in checks { results.append(await run(check, on: adapter)) }
        }
        return CheckMatrix(checks: checks, adapters: adapters, results: results)
    }

    private static func perform(_ check: AdapterCheck, on adapter: AdapterUnderTest, log: CheckLog, patience: Int) {
        do {
            let run = CheckRun(host: try adapter.makeHost(), adapter: adapter, log: log, patience: patience)
            do { try check.body(run) } catch { run.fail("\(error)") }
            run.enter { run.host.close() }
        } catch {
            log.add("no loop could be made: \(error)")
        }
    }

    private static func result(
        _ check: AdapterCheck, _ adapter: AdapterUnderTest, _ outcome: CheckOutcome, _ elapsed: Duration
    ) -> CheckResult {
        CheckResult(check: check.name, layer: check.layer, adapter: adapter.name, outcome: outcome, elapsed: elapsed)
    }
}
