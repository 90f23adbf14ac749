internal import Testing

@testable internal import AMQPConnection

@Suite struct BackoffTests {
    private func delays(_ backoff: Backoff, _ failures: [Int]) -> [Duration] {
        var random = SplitMix(seed: 1)
        return failures.map { backoff.delay(after: $0, using: &random) }
    }

    @Test func itStaysTheSameWithoutAFactor() {
        #expect(delays(Backoff(.seconds(2)), [1, 2, 100]) == [.seconds(2), .seconds(2), .seconds(2)])
        #expect(delays(Backoff(.zero, factor: 3), [1, 2]) == [.zero, .zero])
        #expect(delays(Backoff(.seconds(90)), [1, 5]) == [.seconds(90), .seconds(90)])
    }

    @Test func itGrowsByTheFactorUpToTheMaximum() {
        let backoff = Backoff(.seconds(1), factor: 2, maximum: .seconds(5))
        #expect(
            delays(backoff, [1, 2, 3, 4, .max]) == [.seconds(1), .seconds(2), .seconds(4), .seconds(5), .seconds(5)])
        #expect(delays(Backoff(.seconds(1), factor: .greatestFiniteMagnitude), [9]) == [.seconds(60)])
    }

    @Test func jitterTakesAwayAtMostItsPart() {
        var random = SplitMix(seed: 7)
        let backoff = Backoff(.seconds(10), jitter: 0.2)
        let all = (0 ..< 1000).map { _ in backoff.delay(after: 1, using: &random) }
        #expect(all.allSatisfy { (.seconds(8) ... .seconds(10)).contains($0) })
        #expect(Set(all).count > 990)
        var again = SplitMix(seed: 7)
        #expect(all == (0 ..< 1000).map { _ in backoff.delay(after: 1, using: &again) }, "the source decides alone")
    }

    @Test func theLongestDurationsDoNotTrap() {
        for longest in [Duration.seconds(Int64.max), .seconds(1e19), Duration(attoseconds: .max)] {
            for factor in [1, 2, .greatestFiniteMagnitude] {
                _ = delays(Backoff(longest, factor: factor, maximum: longest, jitter: 1), [1, 2, .max])
            }
            _ = delays(Backoff(.seconds(1), factor: 10, maximum: longest, jitter: 0.5), [1, 30, .max, 0, .min])
        }
        #expect(delays(Backoff(Duration(attoseconds: .min), factor: 2), [.min, 9]) == [.zero, .zero])
    }

    @Test(arguments: [
        Backoff(.seconds(-1)), Backoff(.seconds(1), factor: 0.5), Backoff(.seconds(1), factor: .nan),
        Backoff(.seconds(1), factor: .infinity), Backoff(.seconds(2), maximum: .seconds(1)),
        Backoff(.seconds(1), jitter: -0.1), Backoff(.seconds(1), jitter: 1.1), Backoff(.seconds(1), jitter: .nan),
    ])
    func valuesOutOfRangeAreRefusedAndStillDoNotTrap(backoff: Backoff) {
        #expect(thrown { try backoff.validate() }?.code == .invalidArgument)
        _ = delays(backoff, [1, 2, 3])
    }
}
