/// What an error that a delivery handler throws leads to.
///
/// In every case the error itself reaches the connection's ``Connection/onError(_:)`` listeners, as the underlying
/// error of an ``AMQPError`` with the code ``AMQPError/Code/handlerFailed``.
public enum HandlerErrorPolicy: Sendable, Hashable {
    /// Nothing else happens; the delivery stays unacknowledged.
    case report
    /// The delivery is rejected (unless the consumer acknowledges automatically), and requeued if asked for.
    ///
    /// A handler that has acknowledged or rejected the delivery itself must not throw then: the broker closes a channel
    /// (406) on which a delivery is answered twice.
    case nack(requeue: Bool)
    /// The channel is closed.
    case closeChannel
    /// The connection is closed.
    case closeConnection
}
