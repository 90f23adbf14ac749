public import AMQPConnection

/// What a ``VirtualLoop`` answers to ``AMQPConnection/IOLoop/connect(to:options:_:)``.
public enum ConnectAnswer {
    /// The peer accepts: usually the ``MemoryPipe/client`` end of a pipe whose other end the test plays.
    case stream(any StreamTransport, after: Duration = .zero)
    /// The peer refuses.
    case failure(AMQPError, after: Duration = .zero)
    /// Nobody answers.
    case never

    /// The failure of a port that nobody listens to.
    public static func refused(_ address: SocketAddress, after delay: Duration = .zero) -> ConnectAnswer {
        .failure(AMQPError(.connectFailed, blame: .transport, "\(address): connection refused"), after: delay)
    }
}
