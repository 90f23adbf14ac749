public import AMQPConnection
public import AMQPProtocol

extension AsyncChannel {
    /// Starts a consumer (`basic.consume`) whose deliveries are read as a sequence.
    ///
    /// What waits to be read is bounded: by `prefetch`, and in bytes, above which the connection's stream is not read
    /// (``Connection/pauseReading()``) until the reader has caught up. The sequences of one connection share its stream, so
    /// each is to be read all the time, by a task of its own; a reader that needs an answer of the broker's for each message
    /// acknowledges by hand.
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - prefetch: how many messages may be unacknowledged, told to the broker by `basic.qos` (which also holds for
    ///     consumers that this channel starts later); 0 for any number, `nil` leaves it as it is. Of no use with `autoAck`,
    ///     and not sent then. Default: 100.
    ///   - consumerTag: the consumer's name on this channel; a unique one is made up if `nil`.
    ///   - autoAck: whether messages count as acknowledged when they are sent.
    ///   - exclusive: whether this is to be the queue's only consumer.
    ///   - arguments: the broker's extensions, for example `x-priority`.
    ///   - highWaterMark: how many bytes may wait to be read before reading from the stream pauses. Default: 1 MiB.
    ///   - lowWaterMark: with how many bytes left it goes on. Default: 256 KiB.
    /// - Returns: the deliveries. Dropping them ends the consumer; what was not read goes back to the queue, or is lost with
    ///   `autoAck`.
    /// - Throws: ``AMQPError`` as ``Channel``'s `basicConsume`, or ``AMQPError/Code/cancelled``; a consumer that the broker
    ///   starts all the same is cancelled again.
    public func basicConsume(
        _ queue: String, prefetch: UInt16? = 100, consumerTag: String? = nil, autoAck: Bool = false,
        exclusive: Bool = false, arguments: FieldTable = [:], highWaterMark: Int = 1_048_576,
        lowWaterMark: Int = 262_144
    ) async throws(AMQPError) -> Deliveries {
        if let prefetch, !autoAck { try await basicQos(prefetchCount: prefetch) }
        return try await call { seat, completion in
            let buffer = DeliveryBuffer(high: highWaterMark, low: lowWaterMark)
            let feed = DeliveryFeed(buffer, on: seat.channel, isAutoAck: autoAck)
            feed.consumerTag = seat.channel.basicConsume(
                queue, consumerTag: consumerTag, autoAck: autoAck, exclusive: exclusive, arguments: arguments,
                onCancel: { [weak seat] _, error in
                    feed.ended(error)
                    if seat?.feeds[feed.consumerTag] === feed { seat?.feeds[feed.consumerTag] = nil }
                },
                onMessage: { _, delivery in feed.received(delivery) },
                completion: { [weak seat] result in
                    switch result {
                    case .success:
                        seat?.feeds[feed.consumerTag] = feed
                        completion(.success(Deliveries(of: self, feed, buffer)))
                    case .failure(let error):
                        feed.discard()
                        completion(.failure(error))
                    }
                })
        }
    }

    /// Ends a consumer (`basic.cancel`); its sequence ends when what has come before is read. One with a handler starts it no
    /// more, and its `consume` returns when the handlers that are running have come to their end; this call does not wait
    /// for them, so that a handler may make it.
    ///
    /// - Throws: ``AMQPError`` as ``Channel``'s `basicCancel`; the consumer of a sequence goes on if its cancel is refused,
    ///   for example with ``AMQPError/Code/outputBufferFull``.
    @discardableResult
    public func basicCancel(_ consumerTag: String) async throws(AMQPError) -> BasicCancelOK {
        try await call { (seat: ChannelSeat, completion) in
            let wasConsumer = seat.channel.consumerTags.contains(consumerTag)
            if wasConsumer, let wait = seat.handlerWaits[consumerTag], let consumer = wait.consumer {
                return wait.cancel(consumer, completion)
            }
            let before = seat.channel.lastRequest
            seat.channel.basicCancel(consumerTag, completion: completion)
            // What comes from now on goes back to the queue; if the call was refused, the consumer is as it was.
            if wasConsumer, seat.channel.lastRequest != before {
                seat.feeds.removeValue(forKey: consumerTag)?.ended(nil)
            }
        }
    }

    /// Fetches one message (`basic.get`).
    ///
    /// - Returns: the message; `nil` if the queue is empty.
    /// - Throws: ``AMQPError`` as ``Channel``'s, or ``AMQPError/Code/cancelled``; a message that comes all the same goes back
    ///   to its queue, unless it counts as acknowledged.
    public func basicGet(_ queue: String, autoAck: Bool = false) async throws(AMQPError) -> Delivery? {
        try await call { $0.basicGet(queue, autoAck: autoAck, completion: $1) }
    }

    /// Limits how many messages may be unacknowledged at a time (`basic.qos`).
    @discardableResult
    public func basicQos(
        prefetchSize: UInt32 = 0, prefetchCount: UInt16, global: Bool = false
    ) async throws(AMQPError) -> BasicQosOK {
        try await call {
            $0.basicQos(prefetchSize: prefetchSize, prefetchCount: prefetchCount, global: global, completion: $1)
        }
    }

    /// Acknowledges a message (`basic.ack`): it is on its way when this returns, and the broker does not answer. On a
    /// channel that is over it is dropped, since its messages have gone back to their queues.
    public func basicAck(_ deliveryTag: UInt64, multiple: Bool = false) {
        tell { $0.basicAck(deliveryTag, multiple: multiple) }
    }

    /// Refuses one or several messages (`basic.nack`), in the way of ``basicAck(_:multiple:)``.
    public func basicNack(_ deliveryTag: UInt64, multiple: Bool = false, requeue: Bool = true) {
        tell { $0.basicNack(deliveryTag, multiple: multiple, requeue: requeue) }
    }

    /// Refuses one message (`basic.reject`), in the way of ``basicAck(_:multiple:)``.
    public func basicReject(_ deliveryTag: UInt64, requeue: Bool = true) {
        tell { $0.basicReject(deliveryTag, requeue: requeue) }
    }

    /// Has all unacknowledged messages of the channel delivered again (`basic.recover`).
    @discardableResult
    public func basicRecover(requeue: Bool = true) async throws(AMQPError) -> BasicRecoverOK {
        try await call { $0.basicRecover(requeue: requeue, completion: $1) }
    }
}
