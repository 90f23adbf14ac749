/// A span of time as RabbitMQ's streams write it: a whole number and a unit, for example `7D` or `12h`.
public struct StreamInterval: Sendable, Hashable {
    /// A unit of time, with the letter that stands for it.
    public enum Unit: String, Sendable, Hashable, CaseIterable {
        case years = "Y"
        case months = "M"
        case days = "D"
        case hours = "h"
        case minutes = "m"
        case seconds = "s"
    }

    /// How many units; 0 … 4294967295 can be sent.
    public var count: Int
    /// The unit.
    public var unit: Unit

    /// So many of a unit; below zero it is refused where it is used.
    public init(_ count: Int, _ unit: Unit) {
        self.count = count
        self.unit = unit
    }
}

extension StreamInterval: CustomStringConvertible {
    /// The text on the wire.
    public var description: String { "\(count)\(unit.rawValue)" }
}
