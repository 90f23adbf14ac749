/// How RabbitMQ keeps a queue (`x-queue-type`).
public struct QueueType: RawRepresentable, Sendable, Hashable {
    /// The name on the wire.
    public var rawValue: String

    /// Another type that the broker knows by this name.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// On one node; the broker's default.
    public static let classic = QueueType(rawValue: "classic")
    /// Replicated by consensus; it must be durable, and neither exclusive nor auto-delete.
    public static let quorum = QueueType(rawValue: "quorum")
    /// A log that is read without being emptied; it must be durable, and neither exclusive nor auto-delete.
    public static let stream = QueueType(rawValue: "stream")
}

extension QueueType: ExpressibleByStringLiteral {
    /// The one of that name, for brokers that know more of them.
    public init(stringLiteral value: String) {
        self.init(rawValue: value)
    }
}

extension QueueType: CustomStringConvertible {
    /// The name on the wire.
    public var description: String { rawValue }
}
