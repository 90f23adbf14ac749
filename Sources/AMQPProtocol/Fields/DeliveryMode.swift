/// Whether a message survives a restart of the broker in a durable queue (specification 1.8.1, basic properties).
public struct DeliveryMode: RawRepresentable, Sendable, Hashable {
    /// The octet on the wire; what is neither 1 nor 2 is kept as it came.
    public var rawValue: UInt8

    /// The mode of that number on the wire.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// The message may be lost when the broker restarts: 1.
    public static let transient = DeliveryMode(rawValue: 1)
    /// The broker writes the message to disk: 2.
    public static let persistent = DeliveryMode(rawValue: 2)
}

extension DeliveryMode: CustomStringConvertible {
    /// `transient`, `persistent` or the number.
    public var description: String {
        switch self {
        case .transient: "transient"
        case .persistent: "persistent"
        default: String(rawValue)
        }
    }
}
