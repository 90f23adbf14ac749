/// How an exchange routes: one of the four built-in types, or the name of a type that a plug-in adds.
public struct ExchangeType: RawRepresentable, Sendable, Hashable {
    /// The name on the wire.
    public var rawValue: String

    /// The type of that name, for brokers that know more of them.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// To the queues bound with exactly the message's routing key.
    public static let direct = ExchangeType(rawValue: "direct")
    /// To every bound queue.
    public static let fanout = ExchangeType(rawValue: "fanout")
    /// To the queues whose binding pattern (`*` for a word, `#` for any number of them) fits the routing key.
    public static let topic = ExchangeType(rawValue: "topic")
    /// To the queues whose binding arguments fit the message's headers.
    public static let headers = ExchangeType(rawValue: "headers")
}

extension ExchangeType: ExpressibleByStringLiteral {
    /// The type of that name, for example `"x-delayed-message"`.
    public init(stringLiteral value: String) {
        self.init(rawValue: value)
    }
}

extension ExchangeType: CustomStringConvertible {
    /// The name on the wire.
    public var description: String { rawValue }
}
