public import AMQPProtocol

/// What identifies the client outside AMQP, such as its TLS certificate: the mechanism EXTERNAL (RFC 4422, appendix A).
///
/// RabbitMQ offers it with the plugin `rabbitmq_auth_mechanism_ssl`.
public struct ExternalCredentials: Credentials, Hashable {
    /// Credentials that the stream has shown already.
    public init() {}

    /// `EXTERNAL`.
    public var mechanism: String { "EXTERNAL" }

    /// Nothing: the identity is the one that the broker sees outside.
    public func initialResponse() throws(AMQPError) -> ByteSlice { ByteSlice() }
}

extension ExternalCredentials: CustomStringConvertible {
    /// The mechanism.
    public var description: String { "EXTERNAL" }
}
