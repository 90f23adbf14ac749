internal import AdapterKit
internal import Testing

/// The kit is worth as much as what it catches: each broken loop must fail the check that is there for it.
@Suite struct MutantTests {
    @Test(arguments: Mutant.all)
    func mutantIsCaughtByItsCheck(mutant: Mutant) async throws {
        let check = try #require(AdapterCheck.all.first { $0.name == mutant.caughtBy })
        // Some faults show in some runs only, when other tests keep the processor busy.
        var results: [CheckResult] = []
        while results.count < 5, results.last?.outcome.isFine ?? true {
            results.append(await CheckRunner.run(check, on: mutant.adapter, limit: .seconds(12)))
        }
        #expect(results.last?.outcome.isFine == false, "\(mutant) was not caught: \(results)")
    }

    @Test(arguments: AdapterCheck.loopLayer + AdapterCheck.transportLayer)
    func loopThatOnlyForwardsPasses(check: AdapterCheck) async {
        let good = AdapterUnderTest("Forwarding", features: Mutant.features) {
            let loop = ForwardingLoop()
            return LoopHost(loop: loop, close: { loop.close() })
        }
        let result = await CheckRunner.run(check, on: good)
        #expect(result.outcome.isFine, "\(result)")
    }

    @Test(arguments: AdapterCheck.loopLayer.filter { $0.name.hasPrefix("host/") && !$0.needs.contains(.closing) })
    func loopThatLeavesItsHostAlonePasses(check: AdapterCheck) async {
        let result = await CheckRunner.run(
            check, on: .borrowing("Borrowing") { LoopHost(loop: LeavesTheHostAlone($0)) })
        #expect(result.outcome == .passed, "\(result)")
    }
}
