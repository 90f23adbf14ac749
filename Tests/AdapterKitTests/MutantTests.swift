internal import AdapterKit
internal import Testing

/// The kit is worth as much as what it catches: each broken loop must fail the check that is there for it, and the good
/// loop that it is made of must pass that.
@Suite struct MutantTests {
    @Test(arguments: Mutant.all)
    func mutantIsCaughtByItsCheck(mutant: Mutant) async throws {
        let check = try #require(AdapterCheck.all.first { $0.name == mutant.caughtBy })
        let control = await CheckRunner.run(check, on: mutant.base)
        #expect(control.outcome == .passed, "the base of \(mutant): \(control)")
        // Some faults show in some runs only, when other tests keep the processor busy.
        var results: [CheckResult] = []
        while results.count < 5, results.last?.outcome.isFine ?? true {
            results.append(await CheckRunner.run(check, on: mutant.adapter, limit: .seconds(12)))
        }
        #expect(results.last?.outcome.isFine == false, "\(mutant) was not caught: \(results)")
    }

    @Test(arguments: AdapterCheck.loopLayer + AdapterCheck.transportLayer)
    func loopThatOnlyForwardsPasses(check: AdapterCheck) async {
        let result = await CheckRunner.run(check, on: .forwarding)
        #expect(result.outcome.isFine, "\(result)")
    }

    @Test(arguments: AdapterCheck.loopLayer.filter { $0.name.hasPrefix("host/") })
    func loopThatLeavesItsHostAlonePasses(check: AdapterCheck) async {
        let result = await CheckRunner.run(check, on: .borrowing)
        #expect(result.outcome == .passed, "\(result)")
    }

    @Test func loopThatReturnsAtOncePassesOnlyWhatDoesNotRunIt() async {
        let exceptions = [
            "loop/close-drops-timers", "mailbox/runs-what-was-accepted-before-close",
            "watch/removal-tells-whether-there-was-one", "closed-loop/before-the-first-turn",
            "closed-loop/a-close-before-the-connection-is-open-completes",
        ]
        var passed: [String] = []
        let adapter = AdapterUnderTest.forwarding("ReturnsAtOnce") { ReturnsAtOnce() }
        for check in AdapterCheck.all {
            if await CheckRunner.run(check, on: adapter).outcome == .passed { passed.append(check.name) }
        }
        #expect(passed == exceptions)
    }
}
