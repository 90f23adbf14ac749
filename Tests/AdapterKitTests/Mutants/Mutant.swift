internal import AMQPSelect
internal import AdapterKit

/// A loop that is broken in one way, the check that must catch it, and the good loop that it is made of, which must pass.
struct Mutant: Sendable, CustomStringConvertible {
    let description: String
    let caughtBy: String
    let adapter: AdapterUnderTest
    let base: AdapterUnderTest

    init<Loop: ForwardingLoop>(
        _ loop: Loop.Type = Loop.self, caughtBy: String, _ make: @escaping @Sendable () -> Loop
    ) {
        let name = "\(Loop.self)"
        description = name
        self.caughtBy = caughtBy
        adapter = .forwarding(name, make)
        base = Loop.self is OwnMailboxLoop.Type ? .ownMailbox : .forwarding
    }

    init<Transport: ForwardingTransport>(streams: Transport.Type, caughtBy: String) {
        let name = "\(Transport.self)"
        description = name
        self.caughtBy = caughtBy
        adapter = .forwarding(name) { TransportMutantLoop<Transport>() }
        base = .forwardingStreams
    }

    init(borrowing name: String, caughtBy: String, _ make: @escaping @Sendable (HostedLoop) -> LoopHost) {
        description = name
        self.caughtBy = caughtBy
        adapter = .borrowing(name, make)
        base = .borrowing
    }

    static let all: [Mutant] = timers + mailboxes + turns + watches + transports + hosts + sessions

    static let timers: [Mutant] = [
        Mutant(caughtBy: "timer/runs-in-order-of-deadlines") { DropsATimer() },
        Mutant(caughtBy: "timer/never-early") { FiresEarly() },
        Mutant(caughtBy: "timer/runs-once") { FiresTwice() },
        Mutant(caughtBy: "timer/is-not-late") { FiresLate() },
        Mutant(caughtBy: "timer/equal-deadlines-run-in-order-of-making") { RunsEqualTimersBackwards() },
        Mutant(caughtBy: "timer/cancelled-does-not-run") { IgnoresCancel() },
        Mutant(caughtBy: "timer/cancelled-in-the-same-batch-does-not-run") { IgnoresCancelInBatch() },
        Mutant(caughtBy: "timer/cancel-releases-its-callback") { KeepsCancelledCallbacks() },
        Mutant(caughtBy: "turn/no-callback-inside-a-call") { RunsTimersInsideTheCall() },
        Mutant(caughtBy: "turn/zero-delay-waits-for-the-next-turn") { RunsZeroDelaysInTheSameTurn() },
        Mutant(caughtBy: "turn/mailbox-and-due-timer-follow-a-reader") { RunsTimersATurnLater() },
        Mutant(caughtBy: "loop/clock-is-monotonic") { ClockGoesBack() },
        Mutant(caughtBy: "loop/sleeps-when-idle") { NeverSleeps() },
    ]

    static let mailboxes: [Mutant] = [
        Mutant(caughtBy: "mailbox/wakes-a-sleeping-loop") { LosesWakeUps() },
        Mutant(caughtBy: "mailbox/wakes-again-and-again") { LosesSomeWakeUps() },
        Mutant(caughtBy: "loop/sleeps-when-idle") { PollsForPosts() },
        Mutant(caughtBy: "mailbox/keeps-the-order-of-posting") { RunsPostsBackwards() },
        Mutant(caughtBy: "turn/mailbox-before-timers") { RunsPostsAmongTimers() },
        Mutant(caughtBy: "turn/mailbox-and-due-timer-follow-a-reader") { RunsPostsAmongTimers() },
        Mutant(caughtBy: "stream/mailbox-and-due-timer-follow-input") { RunsPostsAmongTimers() },
        Mutant(caughtBy: "turn/posted-callback-waits-for-the-next-turn") { DrainsUntilEmpty() },
        Mutant(caughtBy: "mailbox/runs-what-was-accepted-before-close") { DropsPostsAtClose() },
        Mutant(caughtBy: "mailbox/refuses-after-close") { AcceptsAfterClose() },
        Mutant(caughtBy: "loop/callbacks-run-on-the-loop") { DoesNotKnowItsThread() },
        Mutant(caughtBy: "mailbox/posted-before-start") { RunsPostsInsideTheCall() },
    ]

    static let turns: [Mutant] = [
        Mutant(caughtBy: "loop/stop-before-start") { ForgetsAnEarlyStop() },
        Mutant(caughtBy: "loop/starts-again") { CannotStartAgain() },
        Mutant(caughtBy: "turn/end-registered-outside-asks-for-a-turn") { ReturnsAtOnce() },
        Mutant(caughtBy: "turn/end-comes-after-callbacks") { EndsTurnsInsideTheCall() },
        Mutant(caughtBy: "turn/end-registered-at-the-end-is-the-same-turn") { EndsTurnsLate() },
        Mutant(caughtBy: "turn/end-is-called-once-for-each-registration") { MergesEndsOfTurns() },
        Mutant(caughtBy: "turn/end-registered-outside-asks-for-a-turn") { ForgetsToAskForATurn() },
    ]

    static let watches: [Mutant] = [
        Mutant(caughtBy: "watch/removed-inside-its-own-handler") { KeepsRemovedReaders() },
        Mutant(caughtBy: "watch/removed-by-another-handler-of-the-turn") { RemovesReadersLate() },
        Mutant(caughtBy: "watch/event-for-a-reused-descriptor-is-dropped") { DeliversStaleEvents() },
        Mutant(caughtBy: "watch/readable-until-it-is-read") { TellsReadinessOnce() },
        Mutant(caughtBy: "watch/set-again-replaces") { KeepsTheFirstCallback() },
        Mutant(caughtBy: "watch/reader-and-writer-are-independent") { RemovesBothWatches() },
        Mutant(caughtBy: "watch/impossible-descriptor-is-refused") { AcceptsImpossibleDescriptors() },
        Mutant(caughtBy: "watch-peer/connect-fails") { HidesFailedConnects() },
    ]

    static let transports: [Mutant] = [
        Mutant(streams: EndsTwice.self, caughtBy: "end/peer-closes"),
        Mutant(streams: ClosesWithoutSending.self, caughtBy: "end/close-sends-what-is-queued"),
        Mutant(streams: EndsInsideTheCall.self, caughtBy: "stream/no-event-inside-a-call"),
        Mutant(streams: IgnoresPause.self, caughtBy: "stream/paused-holds-the-peer-back"),
        Mutant(streams: SendsBeforeFlush.self, caughtBy: "stream/nothing-is-sent-before-flush"),
        Mutant(streams: SwapsSegments.self, caughtBy: "stream/thousand-segments-arrive-in-order"),
        Mutant(streams: DropsTheRest.self, caughtBy: "stream/large-output-leaves-in-parts"),
        Mutant(streams: LosesLastWords.self, caughtBy: "end/last-words-are-read"),
        Mutant(streams: HidesTheReason.self, caughtBy: "end/peer-resets"),
        Mutant(streams: NeverTellsWhatWasSent.self, caughtBy: "stream/sent-bytes-are-told"),
        Mutant(streams: HidesItsBacklog.self, caughtBy: "backlog/grows-while-the-peer-does-not-read"),
        Mutant(streams: TellsWhatIsQueued.self, caughtBy: "backlog/every-byte-that-left-is-told"),
        Mutant(streams: NeverTellsTheLast.self, caughtBy: "backlog/end-of-it-is-told"),
        Mutant(
            streams: NeverTellsWhatWasSent.self, caughtBy: "backlog/producer-that-heeds-water-marks-sends-everything"),
        Mutant(caughtBy: "connect/options-are-taken") { LosesOptions() },
        Mutant(caughtBy: "connect/unix-path-that-does-not-exist") { CompletesInsideTheCall() },
        Mutant(caughtBy: "resolve/cancelled-before-the-loop-runs") { CompletesCancelledOperations() },
        Mutant(caughtBy: "connect/cancelled-before-the-loop-runs") { CompletesCancelledOperations() },
    ]

    /// Faults of a loop or a stream that whole sessions notice.
    static let sessions: [Mutant] = [
        Mutant(caughtBy: "memory/burst-leaves-together") { EndsTurnsInsideTheCall() },
        Mutant(caughtBy: "memory/publish-outside-a-turn-leaves") { ForgetsToAskForATurn() },
        Mutant(streams: DropsTheRest.self, caughtBy: "session/large-message"),
        Mutant(streams: NeverTellsWhatWasSent.self, caughtBy: "session/water-marks-close-and-open-the-gate"),
    ]

    static let hosts: [Mutant] = [
        Mutant(borrowing: "StopsTheHost", caughtBy: "host/stop-leaves-the-host-running") { host in
            LoopHost(loop: StopsTheHost(host))
        },
        Mutant(borrowing: "ClosesTheHost", caughtBy: "host/close-leaves-the-host-running") { host in
            LoopHost(loop: LeavesTheHostAlone(host), close: { host.close() })
        },
    ]
}
