/// What a connection attempt was doing when it failed, in the order in which it is done.
public enum ConnectionPhase: String, Sendable, Hashable, CaseIterable {
    /// The credentials provider was asked.
    case credentials
    /// The host name was resolved.
    case resolve
    /// A stream was opened to an address.
    case connect
    /// The stream was secured (TLS).
    case secure
    /// AMQP was spoken, up to `connection.open-ok`.
    case handshake
}
