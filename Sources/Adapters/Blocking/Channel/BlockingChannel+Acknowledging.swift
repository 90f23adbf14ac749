public import AMQPConnection

extension BlockingChannel {
    /// Acknowledges a message, and returns when the acknowledgement has left. The broker does not answer; a tag that it
    /// does not know closes the channel (406).
    ///
    /// - Parameters:
    ///   - deliveryTag: the delivery's ``Delivery/tag``; 0 with `multiple` means all so far.
    ///   - multiple: whether all earlier unacknowledged messages of the channel are meant too.
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    public func basicAck(_ deliveryTag: UInt64 = 0, multiple: Bool = false) throws(AMQPError) {
        try tell { core.basicAck(deliveryTag, multiple: multiple) }
    }

    /// Refuses one or several messages, and returns when that has left.
    ///
    /// - Parameters:
    ///   - deliveryTag: the delivery's ``Delivery/tag``; 0 with `multiple` means all so far.
    ///   - multiple: whether all earlier unacknowledged messages of the channel are meant too.
    ///   - requeue: whether the broker puts them back into the queue, or drops (or dead-letters) them.
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    public func basicNack(
        _ deliveryTag: UInt64 = 0, multiple: Bool = false, requeue: Bool = true
    ) throws(AMQPError) {
        try tell { core.basicNack(deliveryTag, multiple: multiple, requeue: requeue) }
    }

    /// Refuses one message, and returns when that has left.
    ///
    /// - Parameters:
    ///   - deliveryTag: the delivery's ``Delivery/tag``.
    ///   - requeue: whether the broker puts it back into the queue, or drops (or dead-letters) it.
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    public func basicReject(_ deliveryTag: UInt64, requeue: Bool = true) throws(AMQPError) {
        try tell { core.basicReject(deliveryTag, requeue: requeue) }
    }

    /// Has all unacknowledged messages of the channel delivered again.
    ///
    /// - Parameter requeue: whether they go back to their queues; RabbitMQ knows only `true`.
    /// - Throws: ``AMQPError``: ``AMQPError/Code/notSupported``, or what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func basicRecover(requeue: Bool = true) throws(AMQPError) -> BasicRecoverOK {
        try call { completion in core.basicRecover(requeue: requeue, completion: completion) }
    }

    /// Has all unacknowledged messages of the channel delivered again, without an answer (deprecated by the
    /// specification). What cannot be sent is logged.
    ///
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    public func basicRecoverAsync(requeue: Bool = true) throws(AMQPError) {
        try tell { core.basicRecoverAsync(requeue: requeue) }
    }

    /// Limits how many messages may be unacknowledged at a time.
    ///
    /// - Parameters:
    ///   - prefetchSize: the limit in bytes, 0 for none; RabbitMQ knows only 0.
    ///   - prefetchCount: the limit in messages, 0 for none.
    ///   - global: on RabbitMQ: `false` limits each new consumer of the channel, `true` all of them together.
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func basicQos(
        prefetchSize: UInt32 = 0, prefetchCount: UInt16, global: Bool = false
    ) throws(AMQPError) -> BasicQosOK {
        try call { completion in
            core.basicQos(
                prefetchSize: prefetchSize, prefetchCount: prefetchCount, global: global, completion: completion)
        }
    }

    /// Asks the broker to stop or to go on sending deliveries; RabbitMQ knows only `true`.
    ///
    /// - Returns: what the broker does now.
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func flow(active: Bool) throws(AMQPError) -> Bool {
        try call { completion in core.flow(active: active, completion: completion) }.active
    }
}
