/// What an adapter offers beyond what every ``AMQPConnection/IOLoop`` does; checks that need more are not applicable.
public struct AdapterFeatures: OptionSet, Sendable, Hashable {
    public let rawValue: Int

    /// The features whose bits are set.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// The loop is a ``AMQPConnection/FileDescriptorLoop``.
    public static let descriptors = AdapterFeatures(rawValue: 1 << 0)
    /// The loop polls by itself, so that a turn has all that is ready. On a foreign loop each event may be a turn.
    public static let wholeTurns = AdapterFeatures(rawValue: 1 << 1)
    /// The loop can be closed (``LoopHost/close``).
    public static let closing = AdapterFeatures(rawValue: 1 << 2)
    /// The loop tells when a callback blocked it (``LoopHost/observeStalls``).
    public static let stallReports = AdapterFeatures(rawValue: 1 << 3)
    /// The loop runs inside a loop of the host's (``LoopHost/foreign``).
    public static let borrowed = AdapterFeatures(rawValue: 1 << 4)
    /// The loop opens sockets: it resolves names and connects to TCP and UNIX addresses.
    public static let sockets = AdapterFeatures(rawValue: 1 << 5)
}

extension AdapterFeatures: CustomStringConvertible {
    public var description: String {
        let names: [(AdapterFeatures, String)] = [
            (.descriptors, "descriptors"), (.wholeTurns, "whole turns"), (.closing, "closing"),
            (.stallReports, "stall reports"), (.borrowed, "borrowed"), (.sockets, "sockets"),
        ]
        return names.filter { contains($0.0) }.map(\.1).joined(separator: ", ")
    }
}
