/// When which part of a connection has waited long enough: one slot for each kind of deadline.
struct DeadlineTable {
    /// What a connection can wait for.
    enum Kind: Int, CaseIterable {
        /// All attempts to connect, and the delays between them.
        case workflow
        /// Everything from the first step of one attempt to an open connection.
        case open
        /// Our next heartbeat is due.
        case heartbeatSend
        /// The peer has been silent for too long.
        case heartbeatReceive
        /// The peer has taken none of the output for too long.
        case output
        /// The broker has blocked the connection for too long.
        case blocked
        /// The credentials will expire.
        case credentials
        /// The graceful close has taken too long.
        case close
    }

    private var instants: [LoopInstant?] = Array(repeating: nil, count: Kind.allCases.count)

    /// The deadline of a kind; `nil` if there is none.
    subscript(kind: Kind) -> LoopInstant? {
        get { instants[kind.rawValue] }
        set { instants[kind.rawValue] = newValue }
    }

    /// The deadlines that there are.
    var all: [(kind: Kind, instant: LoopInstant)] {
        Kind.allCases.compactMap { kind in instants[kind.rawValue].map { (kind, $0) } }
    }

    /// The earliest deadline.
    var next: LoopInstant? { instants.lazy.compactMap { $0 }.min() }

    /// Takes out the deadlines that have passed.
    mutating func takePassed(_ now: LoopInstant) -> [Kind] {
        var passed: [Kind] = []
        for kind in Kind.allCases {
            guard let instant = instants[kind.rawValue], instant <= now else { continue }
            instants[kind.rawValue] = nil
            passed.append(kind)
        }
        return passed
    }

    mutating func removeAll() {
        for index in instants.indices { instants[index] = nil }
    }
}
