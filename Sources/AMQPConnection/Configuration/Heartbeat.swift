/// How a client decides on the heartbeat interval when the broker proposes one (specification 4.2.7).
///
/// The decision holds, whatever the broker proposed: it may be longer, too. A whole number stands for that many seconds.
public enum Heartbeat: Sendable {
    /// So many seconds without traffic, after which a peer may be given up; 0 turns heartbeats off.
    case seconds(UInt16)
    /// What the function makes of the broker's proposal, both in seconds, 0 meaning off.
    ///
    /// It is called once in each attempt to connect, on the loop's thread, when `connection.tune` has come, and must
    /// not call back into the library.
    case chosen(@Sendable (_ proposal: UInt16) -> UInt16)

    /// The interval for a broker's proposal.
    func interval(for proposal: UInt16) -> UInt16 {
        switch self {
        case .seconds(let seconds): seconds
        case .chosen(let choose): choose(proposal)
        }
    }
}

extension Heartbeat: ExpressibleByIntegerLiteral {
    /// So many seconds; 0 turns heartbeats off.
    public init(integerLiteral seconds: UInt16) {
        self = .seconds(seconds)
    }
}
