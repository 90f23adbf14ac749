internal import AMQPProtocol
internal import Testing

@testable internal import AMQPConnection

@Suite struct ConfirmTrackerTests {
    typealias Tracker = ConfirmTracker<String>

    private func answer(_ tracker: inout Tracker, _ tag: UInt64, multiple: Bool = false, isAck: Bool = true) -> [String]
    {
        var resolved: [Tracker.Resolved] = []
        tracker.answered(tag, multiple: multiple, isAck: isAck, into: &resolved)
        return resolved.map { "\($0.sequence) \($0.continuation ?? "-") \($0.outcome.line)" }
    }

    @Test func sequenceNumbersCountFromOne() {
        var tracker = Tracker()
        #expect(tracker.nextSequence == 1)
        #expect(tracker.published("a", fingerprint: .none) == 1)
        #expect(tracker.published(nil, fingerprint: .none) == 2)
        #expect(tracker.openCount == 2)
        #expect(answer(&tracker, 1) == ["1 a confirmed"])
        #expect(answer(&tracker, 2) == ["2 - confirmed"])
        #expect(tracker.openCount == 0)
    }

    @Test func multipleCoversAllLowerNumbersThatAreOpen() {
        var tracker = Tracker()
        for name in ["a", "b", "c", "d", "e"] { _ = tracker.published(name, fingerprint: .none) }
        #expect(answer(&tracker, 2) == ["2 b confirmed"])
        #expect(answer(&tracker, 4, multiple: true, isAck: false) == ["1 a nacked", "3 c nacked", "4 d nacked"])
        #expect(tracker.openCount == 1)
        #expect(answer(&tracker, 4, multiple: true) == [])
        #expect(answer(&tracker, 0, multiple: true) == ["5 e confirmed"])
    }

    @Test func numbersThatWereNeverSentAreIgnored() {
        var tracker = Tracker()
        #expect(answer(&tracker, 0, multiple: true) == [])
        #expect(answer(&tracker, 1) == [])
        _ = tracker.published("a", fingerprint: .none)
        #expect(answer(&tracker, 0) == [])
        #expect(answer(&tracker, 2, multiple: true) == [])
        #expect(answer(&tracker, .max) == [])
        #expect(answer(&tracker, .max, multiple: true) == [])
        #expect(answer(&tracker, 1) == ["1 a confirmed"])
        #expect(answer(&tracker, 1) == [], "an answer counts once")
    }

    @Test func aReturnBelongsToTheOldestPublishThatLooksLikeIt() throws {
        var tracker = Tracker()
        let message = try ContentAssemblerTests.returned(routingKey: "r", body: [1])
        _ = tracker.published("a", fingerprint: PublishFingerprint(whole: 7, loose: 7))
        _ = tracker.published("b", fingerprint: PublishFingerprint(whole: 9, loose: 9))
        _ = tracker.published("c", fingerprint: PublishFingerprint(whole: 7, loose: 7))
        tracker.received(message, fingerprint: PublishFingerprint(whole: 7, loose: 7))
        #expect(answer(&tracker, 3, multiple: true) == ["1 a returned r", "2 b confirmed", "3 c confirmed"])
    }

    @Test func twoEqualReturnsBelongToTwoEqualPublishes() throws {
        var tracker = Tracker()
        let message = try ContentAssemblerTests.returned(routingKey: "r", body: [1])
        for name in ["a", "b", "c"] { _ = tracker.published(name, fingerprint: PublishFingerprint(whole: 7, loose: 7)) }
        tracker.received(message, fingerprint: PublishFingerprint(whole: 7, loose: 7))
        #expect(answer(&tracker, 1) == ["1 a returned r"])
        tracker.received(message, fingerprint: PublishFingerprint(whole: 7, loose: 7))
        tracker.received(message, fingerprint: PublishFingerprint(whole: 8, loose: 8))
        #expect(answer(&tracker, 3, multiple: true) == ["2 b returned r", "3 c confirmed"])
    }

    @Test func removingAllGivesTheOpenOnesInOrder() {
        var tracker = Tracker()
        for name in ["a", "b", "c"] { _ = tracker.published(name, fingerprint: .none) }
        _ = answer(&tracker, 2)
        let open = tracker.removeAll().map { "\($0.0) \($0.1 ?? "-")" }
        #expect(open == ["1 a", "3 c"])
        #expect(tracker.openCount == 0)
        #expect(answer(&tracker, 0, multiple: true) == [])
        #expect(tracker.published("d", fingerprint: .none) == 4)
    }

    @Test func anyOrderOfAnswersResolvesEachPublishOnce() {
        for seed in 0 ..< 200 as Range<UInt64> {
            var random = SplitMix(seed: seed)
            var tracker = Tracker()
            var counts = [UInt64: Int]()
            var sent: UInt64 = 0
            while sent < 50 || tracker.openCount > 0 {
                if sent < 50, Bool.random(using: &random) {
                    sent = tracker.published(nil, fingerprint: .none)
                } else {
                    var resolved: [Tracker.Resolved] = []
                    let tag = UInt64.random(in: 0 ... 55, using: &random)
                    tracker.answered(
                        tag, multiple: Bool.random(using: &random), isAck: Bool.random(using: &random), into: &resolved)
                    for publish in resolved { counts[publish.sequence, default: 0] += 1 }
                }
            }
            #expect(counts == Dictionary(uniqueKeysWithValues: (1 ... 50).map { (UInt64($0), 1) }))
        }
    }
}

extension PublishOutcome {
    /// The outcome in a word.
    var line: String {
        switch self {
        case .confirmed: "confirmed"
        case .nacked: "nacked"
        case .returned(let message): "returned \(message.routingKey)"
        case .lost(let error): "lost \(error.code)"
        }
    }
}
