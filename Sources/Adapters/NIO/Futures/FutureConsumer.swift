#if NIO
public import AMQPConnection

/// A consumer whose messages are taken from a queue.
public struct FutureConsumer: Sendable {
    /// The consumer's tag, which cancels it.
    public let consumerTag: String
    /// The messages. It is closed with the reason when the consumer ends: cancelled by the program or by the broker, its
    /// queue deleted, its channel or connection over. Stored messages that are not acknowledged yet go back to their queue
    /// then, if the channel is still open.
    public let queue: FutureQueue<Delivery>
}
#endif
