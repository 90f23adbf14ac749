internal import AdapterKit
internal import Testing

@testable internal import AMQPConnection

@Suite struct LoopInstantTests {
    /// Durations beyond what 64 bits of seconds hold, and the ends of what a duration can be.
    static let huge = [
        Duration.seconds(1e19), .seconds(Int64.max), .nanoseconds(Int64.max), Duration(attoseconds: .max),
    ]

    @Test(arguments: huge) func aDurationThatIsTooLongIsTheLongest(duration: Duration) {
        #expect(duration.clampedNanoseconds == .max)
        #expect((.zero - duration).clampedNanoseconds <= -Int64.max)
        let instant = LoopInstant(nanoseconds: .max - 1)
        #expect(instant.advanced(by: duration) == .distantFuture)
        #expect(LoopInstant(nanoseconds: 5).advanced(by: .zero - duration) == LoopInstant(nanoseconds: 0))
    }

    @Test func theLeastDurationDoesNotTrap() {
        let least = Duration(attoseconds: .min)
        #expect(least.clampedNanoseconds == .min)
        #expect(LoopInstant(nanoseconds: .max).advanced(by: least).nanoseconds < 1 << 63)
    }

    @Test func aPartOfANanosecondIsRoundedUp() {
        #expect(Duration(attoseconds: 1).clampedNanoseconds == 1)
        #expect(Duration(attoseconds: 1_000_000_000).clampedNanoseconds == 1)
        #expect(Duration(attoseconds: 1_000_000_001).clampedNanoseconds == 2)
        #expect(Duration(attoseconds: -1).clampedNanoseconds == 0)
        #expect(Duration(attoseconds: -1_000_000_001).clampedNanoseconds == -1)
    }

    @Test(arguments: huge) func deadlinesThatNeverComeDoNotTrap(duration: Duration) {
        let rig = Rig()
        var parameters = ConnectionParameters()
        parameters.stackTimeout = duration
        parameters.requestTimeout = duration
        parameters.blockedConnectionTimeout = duration
        parameters.retryDelay = duration
        let connection = rig.open(parameters)
        connection.openChannel { _ in }
        rig.brokerSends { $0.send(.connectionBlocked(ConnectionBlocked(reason: "memory"))) }
        connection.close(deadline: duration)
        rig.loop.settle()
        #expect(rig.log.lines.last == "closed: connectionClosedByClient 200")
        #expect(parameters.url.contains("stack_timeout=92"))
    }
}
