public import AMQPConnection

/// What a ``VirtualLoop`` answers to ``AMQPConnection/IOLoop/resolve(_:port:_:)``.
public enum ResolveAnswer: Sendable {
    /// The name has these addresses.
    case addresses([SocketAddress], after: Duration = .zero)
    /// The name cannot be resolved.
    case failure(AMQPError, after: Duration = .zero)
    /// The name server does not answer.
    case never
}
