/// Where a classic queue keeps its messages (`x-queue-mode`).
public struct QueueMode: RawRepresentable, Sendable, Hashable {
    /// The name on the wire.
    public var rawValue: String

    /// Another mode that the broker knows by this name.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// In memory, as far as there is room; the broker's default.
    public static let standard = QueueMode(rawValue: "default")
    /// On disk as early as possible.
    public static let lazy = QueueMode(rawValue: "lazy")
}

extension QueueMode: ExpressibleByStringLiteral {
    /// The one of that name, for brokers that know more of them.
    public init(stringLiteral value: String) {
        self.init(rawValue: value)
    }
}

extension QueueMode: CustomStringConvertible {
    /// The name on the wire.
    public var description: String { rawValue }
}
