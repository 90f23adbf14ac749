#if NIO
public import AMQPConnection
public import NIOCore

/// A consumer whose handler runs on other threads.
public struct FutureWorker: Sendable {
    /// The consumer's tag, which cancels it.
    public let consumerTag: String
    /// Succeeds once, with the reason, when the consumer ends: cancelled by the program or by the broker, its channel or
    /// connection over.
    public let ended: EventLoopFuture<AMQPError>
}
#endif
