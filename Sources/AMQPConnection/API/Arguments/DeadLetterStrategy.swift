/// How surely a quorum queue's dead letters arrive (`x-dead-letter-strategy`).
public struct DeadLetterStrategy: RawRepresentable, Sendable, Hashable {
    /// The name on the wire.
    public var rawValue: String

    /// Another strategy that the broker knows by this name.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// They may be lost on the way; the broker's default.
    public static let atMostOnce = DeadLetterStrategy(rawValue: "at-most-once")
    /// They are kept until the target has confirmed them; needs ``QueueOverflow/rejectPublish``.
    public static let atLeastOnce = DeadLetterStrategy(rawValue: "at-least-once")
}

extension DeadLetterStrategy: ExpressibleByStringLiteral {
    /// The one of that name, for brokers that know more of them.
    public init(stringLiteral value: String) {
        self.init(rawValue: value)
    }
}

extension DeadLetterStrategy: CustomStringConvertible {
    /// The name on the wire.
    public var description: String { rawValue }
}
