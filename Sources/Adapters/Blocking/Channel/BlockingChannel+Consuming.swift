public import AMQPConnection

extension BlockingChannel {
    /// Starts a consumer, and returns when the broker has confirmed it.
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - consumerTag: the consumer's name on this channel, at most 255 bytes; a unique one is made up if `nil`.
    ///   - autoAck: whether messages count as acknowledged when they are sent (the protocol's no-ack).
    ///   - exclusive: whether this is to be the queue's only consumer.
    ///   - noLocal: whether messages of this connection are left out. RabbitMQ ignores it.
    ///   - arguments: the broker's extensions, for example `x-priority`.
    ///   - errorPolicy: what happens to a message whose handler throws; the error is thrown in every case by the call that
    ///     ran the handler. The parameters' policy if `nil`.
    ///   - onMessage: called for each message, in the order of arrival, when the program lets callbacks run.
    /// - Returns: the consumer's tag.
    /// - Throws: ``AMQPError``: ``AMQPError/Code/duplicateConsumerTag``, or what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func basicConsume(
        _ queue: String, consumerTag: String? = nil, autoAck: Bool = false, exclusive: Bool = false,
        noLocal: Bool = false, arguments: FieldTable = [:], errorPolicy: HandlerErrorPolicy? = nil,
        onMessage: @escaping (BlockingChannel, Delivery) throws -> Void
    ) throws(AMQPError) -> String {
        let tag = consumerTag ?? Channel.uniqueTag(channelNumber)
        let consumer = BlockingConsumer(
            tag: tag, isAutoAck: autoAck, errorPolicy: errorPolicy ?? connection.parameters.handlerErrorPolicy,
            onMessage: onMessage)
        return try start(consumer) { completion in
            core.basicConsume(
                queue, consumerTag: tag, autoAck: autoAck, exclusive: exclusive, noLocal: noLocal, arguments: arguments,
                onCancel: { [weak self] _, error in self?.cancelled(consumer, error) },
                onMessage: { [weak self] _, delivery in self?.received(delivery, consumer) },
                completion: completion)
        }
    }

    /// Starts a consumer whose handler runs on other threads, and returns when the broker has confirmed it.
    ///
    /// Messages are handed to the executor, and acknowledged when their handlers have returned, while the program lets the
    /// connection work: in ``startConsuming()``, ``BlockingConnection/processDataEvents(timeLimit:)``,
    /// ``BlockingConnection/sleep(_:)`` and every call that waits. However long a handler takes, heartbeats go on there.
    /// ``close(replyCode:replyText:)``, also that of the connection, first lets the handlers that are running come to
    /// their end, within ``requestTimeout``; what is not acknowledged by then goes back to the queue.
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - executor: where handlers run, for example a `WorkerPool`, or `.submitting { queue.async(execute: $0) }`.
    ///   - maxInFlight: how many deliveries are handled at a time, at least 1; the broker is told by `basic.qos`, which
    ///     also holds for consumers that this channel starts later. Default: 1, and so in order.
    ///   - consumerTag: the consumer's name on this channel, at most 255 bytes; a unique one is made up if `nil`.
    ///   - exclusive: whether this is to be the queue's only consumer.
    ///   - arguments: the broker's extensions, for example `x-priority`.
    ///   - onFailure: what an error thrown by the handler leads to; the error itself is logged, since no call of the
    ///     program's ran the handler. Default: the message goes back to the queue.
    ///   - handler: called for each message, on the executor, up to `maxInFlight` at a time.
    /// - Returns: the consumer's tag. After ``basicCancel(_:)`` handlers that are running go on, and their messages are
    ///   acknowledged as before.
    /// - Throws: ``AMQPError``: ``AMQPError/Code/duplicateConsumerTag``, ``AMQPError/Code/invalidArgument`` if `maxInFlight`
    ///   is 0, or what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func consume(
        _ queue: String, on executor: any WorkExecutor, maxInFlight: UInt16 = 1, consumerTag: String? = nil,
        exclusive: Bool = false, arguments: FieldTable = [:], onFailure: HandlerErrorPolicy = .nack(requeue: true),
        handler: @escaping @Sendable (Delivery) throws -> Void
    ) throws(AMQPError) -> String {
        let tag = consumerTag ?? Channel.uniqueTag(channelNumber)
        // The core hands out its messages; what is dispatched here is its end.
        let consumer = BlockingConsumer(tag: tag, isAutoAck: false, errorPolicy: onFailure, onMessage: { _, _ in })
        return try start(consumer) { completion in
            core.consume(
                queue, on: executor, maxInFlight: maxInFlight, consumerTag: tag, exclusive: exclusive,
                arguments: arguments, onFailure: onFailure,
                onCancel: { [weak self] _, error in self?.cancelled(consumer, error) }, completion: completion,
                handler: handler)
        }
    }

    /// Makes the request that starts a consumer; if that fails, nothing is left of the consumer.
    private func start(
        _ consumer: BlockingConsumer, _ request: (@escaping (Result<BasicConsumeOK, AMQPError>) -> Void) -> Void
    ) throws(AMQPError) -> String {
        guard consumers[consumer.tag] == nil else {
            let reason = "channel \(channelNumber) has a consumer with the tag \"\(consumer.tag)\""
            throw AMQPError(.duplicateConsumerTag, blame: .application, reason, method: .basicConsume)
        }
        consumers[consumer.tag] = consumer
        do throws(AMQPError) {
            _ = try call(request)
        } catch {
            consumers[consumer.tag] = nil
            connection.events.removeAll { $0.concerns(consumer) }
            throw error
        }
        return consumer.tag
    }

    /// Cancels a consumer, and returns when the broker has confirmed it.
    ///
    /// - Parameter consumerTag: the consumer's tag.
    /// - Returns: the messages that came and were not dispatched, of a consumer that acknowledges automatically: nobody
    ///   else gets them. Those of other consumers go back to their queue.
    /// - Throws: ``AMQPError``: ``AMQPError/Code/unknownConsumerTag``, or what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func basicCancel(_ consumerTag: String) throws(AMQPError) -> [Delivery] {
        try requireOpen()
        guard let consumer = consumers[consumerTag] else {
            let reason = "channel \(channelNumber) has no consumer with the tag \"\(consumerTag)\""
            throw AMQPError(.unknownConsumerTag, blame: .application, reason, method: .basicCancel)
        }
        try connection.enter()
        let pending = connection.events.removeAll { $0.concerns(consumer) }.compactMap { $0.delivery(for: consumer) }
        defer {
            // The broker may have cancelled it, too, while it was asked to.
            connection.events.removeAll { $0.concerns(consumer) }
            if consumers[consumerTag] === consumer { consumers[consumerTag] = nil }
        }
        try end(consumerTag, consumer.isCancelledByBroker, giveBack: consumer.isAutoAck ? [] : pending)
        return consumer.isAutoAck ? pending : []
    }

    /// Gives messages back to their queue, and ends a consumer that the broker has not cancelled itself.
    func end(_ tag: String, _ isCancelledByBroker: Bool, giveBack pending: [Delivery]) throws(AMQPError) {
        for delivery in pending { core.basicReject(delivery.tag, requeue: true) }
        guard !isCancelledByBroker, core.consumerTags.contains(tag) else {
            return try connection.flush(within: requestTimeout)
        }
        _ = try call { completion in core.basicCancel(tag, completion: completion) }
    }

    /// Runs callbacks until the channel has no consumers any more: until they are cancelled, by callbacks or by the broker.
    ///
    /// - Throws: ``AMQPError`` as ``BlockingConnection/processDataEvents(timeLimit:)``;
    ///   ``AMQPError/Code/channelWrongState`` if the channel was over before;
    ///   ``AMQPError/Code/reentrantCall`` inside a callback.
    @available(*, noasync)
    public func startConsuming() throws(AMQPError) {
        if connection.isDispatching { throw connection.reentrancy("startConsuming()") }
        // The turn that brought the answer to basic.consume may have brought the end, too.
        try throwEnding()
        try requireOpen()
        while !consumers.isEmpty { try connection.processDataEvents(timeLimit: nil) }
    }

    /// Cancels the consumers, so that ``startConsuming()`` returns. Messages of theirs that were not dispatched go back to
    /// their queues; those that count as acknowledged are dropped (``basicCancel(_:)`` returns them).
    ///
    /// - Parameter consumerTag: the one to cancel; all if `nil`. One that has gone already is no error.
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    public func stopConsuming(_ consumerTag: String? = nil) throws(AMQPError) {
        for tag in consumerTag.map({ [$0] }) ?? consumerTags where consumers[tag] != nil { try basicCancel(tag) }
    }

    /// Fetches one message, if the queue has any.
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - autoAck: whether the message counts as acknowledged when it is sent.
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    public func basicGet(_ queue: String, autoAck: Bool = false) throws(AMQPError) -> Delivery? {
        try call { completion in core.basicGet(queue, autoAck: autoAck, completion: completion) }
    }

    // MARK: Receiving

    private func received(_ delivery: Delivery, _ consumer: BlockingConsumer) {
        connection.events.append(
            BlockingEvent(kind: .delivery(consumer, delivery), channel: self, method: .basicDeliver))
    }

    /// The broker ended a consumer; the program hears of it after the messages that came before.
    private func cancelled(_ consumer: BlockingConsumer, _ error: AMQPError) {
        guard error.code == .consumerCancelled else { return }
        consumer.isCancelledByBroker = true
        connection.events.append(BlockingEvent(kind: .cancelled(consumer), channel: self, method: .basicCancel))
    }
}
