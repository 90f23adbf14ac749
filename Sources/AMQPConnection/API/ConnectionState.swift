/// How far a ``Connection`` has come.
///
///     connecting --> handshaking --> open --> closing --> closed
public enum ConnectionState: String, Sendable, Hashable {
    /// Everything before AMQP is spoken, the delays between attempts included.
    case connecting
    /// AMQP's handshake is under way.
    case handshaking
    /// Channels can be opened.
    case open
    /// The user has asked to close, and the broker has not confirmed yet.
    case closing
    /// It is over, or never was.
    case closed
}

extension ConnectionState: CustomStringConvertible {
    /// The state's name.
    public var description: String { rawValue }
}
