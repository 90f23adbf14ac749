internal import Testing

@testable internal import AMQPConnection

@Suite struct RetryingWorkflowTests {
    /// What a workflow gives until it gives up, as hosts with the delay before them.
    private func plan(_ workflow: RetryingWorkflow, limit: Int = 100) -> [String] {
        var workflow = workflow
        var lines: [String] = []
        while lines.count < limit, let next = workflow.nextAttempt(after: []) {
            lines.append("\(next.parameters.host) \(Int(next.delay / .milliseconds(1)))")
        }
        return lines
    }

    @Test func oneCandidateIsTriedOnceByDefault() {
        #expect(plan(RetryingWorkflow(HostsRig.parameters(["a"]))) == ["a 0"])
    }

    @Test func theLastCandidateSaysHowManyRoundsAndHowLongBetween() {
        var candidates = HostsRig.parameters(["a", "b"])
        candidates[0].connectionAttempts = 9
        candidates[1].connectionAttempts = 3
        candidates[1].retryDelay = .milliseconds(500)
        #expect(plan(RetryingWorkflow(candidates)) == ["a 0", "b 0", "a 500", "b 0", "a 500", "b 0"])
    }

    @Test func roundsAreFurtherApartEachTimeWithABackoff() {
        let backoff = Backoff(.seconds(1), factor: 2, maximum: .seconds(3))
        let workflow = RetryingWorkflow(HostsRig.parameters(["a"]), attempts: 4, backoff: backoff)
        #expect(plan(workflow) == ["a 0", "a 1000", "a 2000", "a 3000"])
    }

    @Test func shufflingTriesEachOncePerRoundInAnOrderOfItsOwn() {
        let names = (0 ..< 8).map { "h\($0)" }
        func shuffled(_ seed: UInt64) -> [String] {
            plan(
                RetryingWorkflow(
                    HostsRig.parameters(names), attempts: 2, backoff: Backoff(.zero), shuffles: true,
                    random: SplitMix(seed: seed)))
        }
        let all = shuffled(1)
        let (first, second) = (Array(all.prefix(8)), Array(all.dropFirst(8)))
        #expect(Set(first) == Set(names.map { "\($0) 0" }))
        #expect(Set(second) == Set(first))
        #expect(first != second)
        #expect(shuffled(1) == all, "the source decides alone")
        #expect(shuffled(2) != all)
    }

    @Test func whatMakesNoSenseIsRefused() {
        let one = HostsRig.parameters(["a"])
        for workflow in [
            RetryingWorkflow([]), RetryingWorkflow(one, attempts: 0), RetryingWorkflow(one, timeout: .zero),
            RetryingWorkflow(one, backoff: Backoff(.seconds(-1))),
            RetryingWorkflow(one + HostsRig.parameters(["b"]) { $0.frameMax = 1 }),
        ] {
            #expect(thrown { try workflow.validate() }?.code == .invalidArgument)
        }
        #expect(plan(RetryingWorkflow([])) == [])
    }

    @Test func endpointsChangeThePlaceOnly() {
        let parameters = ConnectionParameters(host: "h", port: 7, virtualHost: "v")
        let all = parameters.at([.host("a"), .host("b", port: 9), .unix(path: "/s")])
        #expect(all.map(\.host) == ["a", "b", "/s"])
        #expect(all.map(\.port) == [7, 9, 7])
        #expect(all.allSatisfy { $0.virtualHost == "v" })
    }
}
