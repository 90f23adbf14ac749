/// One behaviour that an adapter must have, with a name.
public struct AdapterCheck: Sendable {
    /// The name, unique in the kit: `group/behaviour`.
    public let name: String
    /// The part of the adapter that is checked.
    public let layer: CheckLayer
    /// The laws and the acceptance cases of Pika's that it covers, for the table in the kit's documentation.
    public let covers: [String]
    /// What an adapter must offer for the check to apply.
    public let needs: AdapterFeatures
    /// How long it may take; a check that takes longer has hung.
    public let limit: Duration
    let body: @Sendable (CheckRun) throws -> Void

    /// Makes a check of one's own, to be run next to the kit's.
    ///
    /// - Parameters:
    ///   - name: the name, unique among all checks of a run.
    ///   - layer: the part of the adapter that is checked.
    ///   - covers: what it covers, for the documentation.
    ///   - needs: what an adapter must offer for the check to apply.
    ///   - limit: how long it may take.
    ///   - body: the check; it runs on a thread of its own and reports through its ``CheckRun``.
    public init(
        _ name: String, _ layer: CheckLayer, covers: [String] = [], needs: AdapterFeatures = [],
        limit: Duration = .seconds(20), _ body: @escaping @Sendable (CheckRun) throws -> Void
    ) {
        self.name = name
        self.layer = layer
        self.covers = covers
        self.needs = needs
        self.limit = limit
        self.body = body
    }

    /// All checks of the kit.
    public static var all: [AdapterCheck] { loopLayer + transportLayer + sessionLayer }

    /// The checks of turns, timers, mailbox and descriptor watches.
    public static var loopLayer: [AdapterCheck] {
        RunningChecks.all + TurnChecks.all + TimerChecks.all + MailboxChecks.all + WatchChecks.all
            + PeerWatchChecks.all + HostChecks.all
    }

    /// The checks of resolving, connecting and byte streams.
    public static var transportLayer: [AdapterCheck] {
        ResolveChecks.all + ConnectChecks.all + StreamChecks.all + BacklogChecks.all + StreamEndChecks.all
    }

    /// The checks of whole AMQP sessions.
    public static var sessionLayer: [AdapterCheck] {
        MemorySessionChecks.all + SessionChecks.all + SessionFaultChecks.all + ClosedLoopChecks.all
            + ReplyCodeChecks.all
    }
}

extension AdapterCheck: CustomStringConvertible {
    public var description: String { name }
}
