/// What an error leads to that a callback throws: a delivery handler, a listener, or a completion.
///
/// In every case the error itself reaches the connection's ``Connection/onError(_:)`` listeners, as the underlying
/// error of an ``AMQPError`` with the code ``AMQPError/Code/handlerFailed``, which names the callback. A delivery handler
/// follows its consumer's policy, other callbacks that of the connection's parameters.
public enum HandlerErrorPolicy: Sendable, Hashable {
    /// Nothing else happens; a delivery stays unacknowledged.
    case report
    /// The delivery is rejected (unless the consumer acknowledges automatically), and requeued if asked for; the same goes
    /// for a message of `basic.get`. For other callbacks nothing else happens.
    ///
    /// A handler that has acknowledged or rejected the delivery itself must not throw then: the broker closes a channel
    /// (406) on which a delivery is answered twice.
    case nack(requeue: Bool)
    /// The channel is closed. For callbacks of the connection's own nothing else happens.
    case closeChannel
    /// The connection is closed.
    case closeConnection
}
