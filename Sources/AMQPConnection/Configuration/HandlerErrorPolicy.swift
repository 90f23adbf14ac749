/// What an error that a delivery handler throws leads to.
///
/// In every case the error itself reaches the connection's ``Connection/onError(_:)`` listeners, as the underlying
/// error of an ``AMQPError`` with the code ``AMQPError/Code/handlerFailed``.
public enum HandlerErrorPolicy: Sendable, Hashable {
    /// Nothing else happens; the delivery stays unacknowledged.
    case report
    /// The delivery is rejected (unless the consumer acknowledges automatically), and requeued if asked for.
    case nack(requeue: Bool)
    /// The channel is closed.
    case closeChannel
    /// The connection is closed.
    case closeConnection
}
