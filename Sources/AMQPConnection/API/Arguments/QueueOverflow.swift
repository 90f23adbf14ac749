/// What happens to messages when a queue is full (`x-overflow`).
public struct QueueOverflow: RawRepresentable, Sendable, Hashable {
    /// The name on the wire.
    public var rawValue: String

    /// Another behaviour that the broker knows by this name.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The oldest messages are dropped or dead-lettered; the broker's default.
    public static let dropHead = QueueOverflow(rawValue: "drop-head")
    /// New messages are refused: in confirm mode their publishes end as nacked.
    public static let rejectPublish = QueueOverflow(rawValue: "reject-publish")
    /// New messages are refused and dead-lettered; classic queues only.
    public static let rejectPublishDLX = QueueOverflow(rawValue: "reject-publish-dlx")
}

extension QueueOverflow: ExpressibleByStringLiteral {
    /// The one of that name, for brokers that know more of them.
    public init(stringLiteral value: String) {
        self.init(rawValue: value)
    }
}

extension QueueOverflow: CustomStringConvertible {
    /// The name on the wire.
    public var description: String { rawValue }
}
