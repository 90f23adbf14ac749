internal import Testing

@testable internal import AMQPConnection

@Suite struct AddressRaceTests {
    static let four = (1 ... 3).map { SocketAddress.ipv4($0, port: 1) }
    static let six = (1 ... 3).map { SocketAddress.ipv6(high: 0, low: $0, port: 1, scope: 0) }

    @Test func familiesTakeTurnsBeginningWithTheFirst() {
        let (four, six) = (Self.four, Self.six)
        #expect(AddressRace.interleaved(six + four) == [six[0], four[0], six[1], four[1], six[2], four[2]])
        #expect(AddressRace.interleaved(four + [six[0]]) == [four[0], six[0], four[1], four[2]])
        #expect(AddressRace.interleaved(four) == four)
        #expect(AddressRace.interleaved([]) == [])
        #expect(AddressRace(six + four, order: .sequential).addresses == six + four)
    }

    @Test func eachStaggerStartsOneMoreAndTheWinnerStopsTheOthers() {
        var race = AddressRace(Self.four, order: .raced)
        #expect(race.startNext() == .start(0))
        #expect(race.startNext() == .start(1))
        #expect(race.hasMore)
        #expect(race.startNext() == .start(2))
        #expect(!race.hasMore)
        #expect(race.startNext() == .wait)
        #expect(race.opened(1) == [0, 2])
        #expect(race.underWay == [1])
    }

    @Test func aFailureStartsTheNextAtOnceUntilNothingIsLeft() {
        var race = AddressRace(Self.four, order: .sequential)
        #expect(race.startNext() == .start(0))
        #expect(race.failed(0) == .start(1))
        #expect(race.startNext() == .start(2))
        #expect(race.failed(2) == .wait)
        #expect(race.failed(1) == .exhausted)
    }

    @Test func losersGetAnotherChanceIfTheWinnerCannotBeUsed() {
        var race = AddressRace(Self.four, order: .raced)
        _ = race.startNext()
        _ = race.startNext()
        #expect(race.opened(1) == [0])
        #expect(race.failed(1) == .start(0))
        #expect(race.failed(0) == .start(2))
        #expect(race.failed(2) == .exhausted)
    }

    @Test func withoutAddressesItIsOverAtOnce() {
        var race = AddressRace([], order: .raced)
        #expect(race.startNext() == .exhausted)
    }
}
