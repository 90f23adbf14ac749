/// Which addresses of a host to try when (RFC 8305, section 5); addresses are known by their place in ``addresses``.
///
///     waiting --start--> under way --opened--> the winner (the others wait again, in case it cannot be secured)
///                          |
///                          +--failed--> out
///
/// A next one starts when the stagger has passed, or at once when one has failed. Without a stagger one runs at a time.
struct AddressRace {
    /// What to do after something has happened.
    enum Step: Equatable {
        /// Try this address too.
        case start(Int)
        /// Something is under way: wait for it.
        case wait
        /// Nothing is left.
        case exhausted
    }

    /// The addresses, in the order in which they are tried.
    let addresses: [SocketAddress]
    private var waiting: [Int]
    /// What is being tried, in the order in which it was started.
    private(set) var underWay: [Int] = []

    init(_ addresses: [SocketAddress], order: AddressOrder) {
        self.addresses = order == .raced ? AddressRace.interleaved(addresses) : addresses
        waiting = Array(self.addresses.indices)
    }

    /// Whether another address could be started.
    var hasMore: Bool { !waiting.isEmpty }

    /// The race begins, or the stagger has passed.
    mutating func startNext() -> Step {
        guard !waiting.isEmpty else { return underWay.isEmpty ? .exhausted : .wait }
        let next = waiting.removeFirst()
        underWay.append(next)
        return .start(next)
    }

    /// An address failed.
    mutating func failed(_ index: Int) -> Step {
        underWay.removeAll { $0 == index }
        return startNext()
    }

    /// A stream is open.
    ///
    /// - Returns: what is to be given up for it.
    mutating func opened(_ index: Int) -> [Int] {
        let losers = underWay.filter { $0 != index }
        waiting = losers + waiting
        underWay = [index]
        return losers
    }

    /// The addresses by turns of their families, beginning with the first one's, each family in its own order.
    static func interleaved(_ addresses: [SocketAddress]) -> [SocketAddress] {
        guard let first = addresses.first else { return [] }
        var preferred = addresses.filter { $0.isIPv6 == first.isIPv6 }[...]
        var others = addresses.filter { $0.isIPv6 != first.isIPv6 }[...]
        var ordered: [SocketAddress] = []
        while !preferred.isEmpty || !others.isEmpty {
            if let next = preferred.popFirst() { ordered.append(next) }
            if let next = others.popFirst() { ordered.append(next) }
        }
        return ordered
    }
}

extension SocketAddress {
    fileprivate var isIPv6: Bool {
        switch self {
        case .ipv6: true
        case .ipv4, .unix: false
        }
    }
}
