#if NIO
public import AMQPConnection
public import NIOCore

extension FutureChannel {
    /// Starts a consumer (`basic.consume`).
    ///
    /// The messages are stored until they are asked for. What bounds them is the prefetch of
    /// ``basicQos(prefetchSize:prefetchCount:global:)``, for consumers that acknowledge, and `limit`.
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - consumerTag: the consumer's name on this channel, at most 255 bytes; a unique one is made up if `nil`.
    ///   - autoAck: whether messages count as acknowledged when they are sent (the protocol's no-ack).
    ///   - exclusive: whether this is to be the queue's only consumer.
    ///   - noLocal: whether messages of this connection are left out. RabbitMQ ignores it.
    ///   - arguments: the broker's extensions, for example `x-priority` or `x-stream-offset`.
    ///   - limit: how many messages may be stored before the connection stops reading, until half of them are taken: the
    ///     broker is held back by TCP, and with it everything else on the connection but answers that are awaited. What
    ///     has been read by then is stored all the same. 1 or more; `nil` (the default) for no limit.
    /// - Returns: the queue of messages and the tag; it fails with
    ///   ``AMQPConnection/AMQPError/Code/duplicateConsumerTag`` if the tag is in use on this channel, and with
    ///   ``AMQPConnection/AMQPError/Code/invalidArgument`` for a limit below 1.
    public func basicConsume(
        _ queue: String, consumerTag: String? = nil, autoAck: Bool = false, exclusive: Bool = false,
        noLocal: Bool = false, arguments: FieldTable = [:], limit: Int? = nil
    ) -> EventLoopFuture<FutureConsumer> {
        let consume = BasicConsume(
            queue: queue, consumerTag: consumerTag ?? "", noLocal: noLocal, noAck: autoAck, exclusive: exclusive,
            arguments: arguments)
        return onLoop { $0.consume(consume, limit: limit) }
    }

    /// Starts a consumer whose handler runs on other threads, however long it takes: the event loop, with its heartbeats
    /// and other channels, goes on.
    ///
    /// Each message is acknowledged when its handler has returned. ``close(replyCode:replyText:)``, also that of the
    /// connection, first lets the handlers that are running come to their end, within the channel's request timeout; what
    /// is not acknowledged by then goes back to the queue.
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - executor: where handlers run, for example a `WorkerPool` of AMQPPosix, or
    ///     `.submitting { work in threadPool.submit { _ in work() } }` for a `NIOThreadPool`.
    ///   - maxInFlight: how many messages are handled at a time, at least 1; the broker is told by `basic.qos`, which
    ///     also holds for consumers that this channel starts later. Default: 1, and so in order.
    ///   - consumerTag: the consumer's name on this channel, at most 255 bytes; a unique one is made up if `nil`.
    ///   - exclusive: whether this is to be the queue's only consumer.
    ///   - arguments: the broker's extensions, for example `x-priority`.
    ///   - onFailure: what an error thrown by the handler leads to; the connection's `onError` listeners hear of it, too.
    ///     Default: the message goes back to the queue.
    ///   - handler: called for each message, on the executor, up to `maxInFlight` at a time.
    /// - Returns: the tag, and a future for the consumer's end; it fails with
    ///   ``AMQPConnection/AMQPError/Code/invalidArgument`` if `maxInFlight` is 0, and with
    ///   ``AMQPConnection/AMQPError/Code/duplicateConsumerTag`` if the tag is in use on this channel.
    public func consume(
        _ queue: String, on executor: any WorkExecutor, maxInFlight: UInt16 = 1, consumerTag: String? = nil,
        exclusive: Bool = false, arguments: FieldTable = [:], onFailure: HandlerErrorPolicy = .nack(requeue: true),
        handler: @escaping @Sendable (Delivery) throws -> Void
    ) -> EventLoopFuture<FutureWorker> {
        onLoop { futures in
            futures.startWorker { channel, onCancel, completion in
                channel.consume(
                    queue, on: executor, maxInFlight: maxInFlight, consumerTag: consumerTag, exclusive: exclusive,
                    arguments: arguments, onFailure: onFailure, onCancel: onCancel, completion: completion,
                    handler: handler)
            }
        }
    }

    /// Ends a consumer (`basic.cancel`), and closes its queue when the broker has answered.
    ///
    /// Messages that come meanwhile, or that nobody has taken, go back to their queue, unless they count as acknowledged;
    /// then they are dropped. Handlers on other threads come to their end first, and their messages are acknowledged.
    ///
    /// - Parameter consumerTag: the consumer's tag.
    /// - Returns: the broker's answer; it fails with ``AMQPConnection/AMQPError/Code/unknownConsumerTag`` if the channel
    ///   has no such consumer.
    @discardableResult
    public func basicCancel(_ consumerTag: String) -> EventLoopFuture<BasicCancelOK> {
        onLoop { $0.cancel(consumerTag) }
    }

    /// Fetches one message (`basic.get`). Several calls may be under way; they are answered one after the other.
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - autoAck: whether the message counts as acknowledged when it is sent.
    /// - Returns: the message, or `nil` if the queue is empty.
    public func basicGet(_ queue: String, autoAck: Bool = false) -> EventLoopFuture<Delivery?> {
        request { $0.basicGet(queue, autoAck: autoAck, completion: $1) }
    }

    /// Limits how many messages may be unacknowledged at a time (`basic.qos`).
    ///
    /// - Parameters:
    ///   - prefetchSize: the limit in bytes, 0 for none. RabbitMQ knows only 0, and closes the connection (540) otherwise.
    ///   - prefetchCount: the limit in messages, 0 for none.
    ///   - global: on RabbitMQ: `false` limits each new consumer of the channel, `true` all of them together.
    @discardableResult
    public func basicQos(
        prefetchSize: UInt32 = 0, prefetchCount: UInt16, global: Bool = false
    ) -> EventLoopFuture<BasicQosOK> {
        request {
            $0.basicQos(prefetchSize: prefetchSize, prefetchCount: prefetchCount, global: global, completion: $1)
        }
    }

    /// Asks the broker to stop or to go on sending deliveries (`channel.flow`). RabbitMQ knows only `true`, and closes the
    /// connection (540) otherwise.
    ///
    /// - Parameter active: whether deliveries are wanted.
    @discardableResult
    public func flow(active: Bool) -> EventLoopFuture<ChannelFlowOK> {
        request { $0.flow(active: active, completion: $1) }
    }
}
#endif
