/// On which node the leader of a replicated queue is placed (`x-queue-leader-locator`).
public struct QueueLeaderLocator: RawRepresentable, Sendable, Hashable {
    /// The name on the wire.
    public var rawValue: String

    /// Another locator that the broker knows by this name.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// On the node that the declaring connection leads to; the broker's default.
    public static let clientLocal = QueueLeaderLocator(rawValue: "client-local")
    /// On the node that leads the fewest queues, roughly.
    public static let balanced = QueueLeaderLocator(rawValue: "balanced")
}

extension QueueLeaderLocator: ExpressibleByStringLiteral {
    /// The one of that name, for brokers that know more of them.
    public init(stringLiteral value: String) {
        self.init(rawValue: value)
    }
}

extension QueueLeaderLocator: CustomStringConvertible {
    /// The name on the wire.
    public var description: String { rawValue }
}
