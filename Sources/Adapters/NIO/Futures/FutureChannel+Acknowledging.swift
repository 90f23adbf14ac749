#if NIO
public import AMQPConnection
public import NIOCore

/// The broker does not answer acknowledgements: their futures succeed when they have been handed to the connection, and fail
/// with ``AMQPConnection/AMQPError/Code/channelWrongState`` on a channel that is not open; then the messages have gone back
/// to their queues.
extension FutureChannel {
    /// Acknowledges a message (`basic.ack`). A tag that the broker does not know closes the channel (406).
    ///
    /// - Parameters:
    ///   - deliveryTag: the delivery's tag; 0 with `multiple` means all so far.
    ///   - multiple: whether all earlier unacknowledged messages of the channel are meant too.
    @discardableResult
    public func basicAck(_ deliveryTag: UInt64, multiple: Bool = false) -> EventLoopFuture<Void> {
        acknowledge(.basicAck) { $0.basicAck(deliveryTag, multiple: multiple) }
    }

    /// Refuses one or several messages (`basic.nack`, an extension of RabbitMQ's).
    ///
    /// - Parameters:
    ///   - deliveryTag: the delivery's tag; 0 with `multiple` means all so far.
    ///   - multiple: whether all earlier unacknowledged messages of the channel are meant too.
    ///   - requeue: whether the broker puts them back into the queue, or drops (or dead-letters) them.
    @discardableResult
    public func basicNack(
        _ deliveryTag: UInt64, multiple: Bool = false, requeue: Bool = true
    ) -> EventLoopFuture<Void> {
        acknowledge(.basicNack) { $0.basicNack(deliveryTag, multiple: multiple, requeue: requeue) }
    }

    /// Refuses one message (`basic.reject`).
    ///
    /// - Parameters:
    ///   - deliveryTag: the delivery's tag.
    ///   - requeue: whether the broker puts it back into the queue, or drops (or dead-letters) it.
    @discardableResult
    public func basicReject(_ deliveryTag: UInt64, requeue: Bool = true) -> EventLoopFuture<Void> {
        acknowledge(.basicReject) { $0.basicReject(deliveryTag, requeue: requeue) }
    }

    /// Has all unacknowledged messages of the channel delivered again (`basic.recover`), and waits for the answer.
    ///
    /// - Parameter requeue: whether they go back to their queues. RabbitMQ knows only `true`; `false` fails with
    ///   ``AMQPConnection/AMQPError/Code/notSupported`` there.
    @discardableResult
    public func basicRecover(requeue: Bool = true) -> EventLoopFuture<BasicRecoverOK> {
        request { $0.basicRecover(requeue: requeue, completion: $1) }
    }

    private func acknowledge(
        _ method: MethodID, _ body: @escaping @Sendable (AMQPConnection.Channel) -> Void
    ) -> EventLoopFuture<Void> {
        onLoop { futures in
            if let refusal = futures.refusal(method) { return futures.eventLoop.makeFailedFuture(refusal) }
            body(futures.channel)
            return futures.eventLoop.makeSucceededVoidFuture()
        }
    }
}
#endif
