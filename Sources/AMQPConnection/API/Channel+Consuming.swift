public import AMQPProtocol
import Logging

extension Channel {
    /// Starts a consumer (`basic.consume`).
    ///
    /// The consumer exists before the request is sent, so that no delivery is too early for it.
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - consumerTag: the consumer's name on this channel, at most 255 bytes; a unique one is made up if `nil`.
    ///   - autoAck: whether messages count as acknowledged when they are sent (the protocol's no-ack).
    ///   - exclusive: whether this is to be the queue's only consumer.
    ///   - noLocal: whether messages of this connection are left out. RabbitMQ ignores it.
    ///   - arguments: the broker's extensions, for example `x-priority` or `x-stream-offset`.
    ///   - errorPolicy: what an error thrown by `onMessage` leads to; the connection's policy if `nil`.
    ///   - onCancel: called once when the consumer ends without the user's doing: the broker cancelled it
    ///     (``AMQPError/Code/consumerCancelled``), or the channel ended.
    ///   - onMessage: called for each message, in the order of arrival.
    ///   - completion: called exactly once, with the broker's answer or the reason for failure
    ///     (``AMQPError/Code/duplicateConsumerTag`` if the tag is in use on this channel).
    /// - Returns: the consumer's tag.
    @discardableResult
    public func basicConsume(
        _ queue: String, consumerTag: String? = nil, autoAck: Bool = false, exclusive: Bool = false,
        noLocal: Bool = false, arguments: FieldTable = [:], errorPolicy: HandlerErrorPolicy? = nil,
        onCancel: ((Channel, AMQPError) throws -> Void)? = nil, onMessage: @escaping (Channel, Delivery) throws -> Void,
        completion: ((Result<BasicConsumeOK, AMQPError>) throws -> Void)? = nil
    ) -> String {
        let tag = consumerTag ?? Channel.uniqueTag(number)
        let method = Method.basicConsume(
            BasicConsume(
                queue: queue, consumerTag: tag, noLocal: noLocal, noAck: autoAck, exclusive: exclusive,
                arguments: arguments))
        if let refusal = refusal(of: method) {
            connection.refuse(refusal, completion)
            return tag
        }
        guard !tag.isEmpty else {
            let reason = "an empty consumer tag; leave it out to have one made up"
            connection.refuse(AMQPError(.invalidArgument, blame: .application, reason), completion)
            return tag
        }
        guard consumers[tag] == nil else {
            let reason = "channel \(number) has a consumer with the tag \"\(tag)\""
            connection.refuse(AMQPError(.duplicateConsumerTag, blame: .application, reason), completion)
            return tag
        }
        let consumer = Consumer(
            tag: tag, isAutoAck: autoAck, errorPolicy: errorPolicy ?? connection.parameters.handlerErrorPolicy,
            onMessage: onMessage, onCancel: onCancel)
        consumers[tag] = consumer
        let undo: (Answer) -> Void = { [self] _ in
            if isOpen { cancel(consumer, .basicCancel(BasicCancel(consumerTag: tag)), nil) }
        }
        request(method, isObserved: completion != nil, undo: undo) {
            [self] (result: Result<BasicConsumeOK, AMQPError>) in
            switch result {
            case .success: consumer.isStarted = true
            case .failure(let error) where error.leavesRequest && consumer.isRequested:
                consumer.isCancelling = true
            case .failure: forget(consumer)
            }
            try completion?(result)
        }
        return tag
    }

    /// Ends a consumer (`basic.cancel`). Messages that come meanwhile go back to the queue, unless they count as
    /// acknowledged; then they are dropped.
    ///
    /// - Parameters:
    ///   - consumerTag: the consumer's tag.
    ///   - completion: called exactly once, with the broker's answer or the reason for failure
    ///     (``AMQPError/Code/unknownConsumerTag`` if the channel has no such consumer). The broker answers in any case:
    ///     only then is it sure that no message comes any more, and the tag is free again.
    public func basicCancel(
        _ consumerTag: String, completion: ((Result<BasicCancelOK, AMQPError>) throws -> Void)? = nil
    ) {
        let method = Method.basicCancel(BasicCancel(consumerTag: consumerTag))
        if let refusal = refusal(of: method) {
            connection.refuse(refusal, completion)
            return
        }
        guard let consumer = consumers[consumerTag], !consumer.isCancelling else {
            let reason = "channel \(number) has no consumer with the tag \"\(consumerTag)\""
            connection.refuse(AMQPError(.unknownConsumerTag, blame: .application, reason), completion)
            return
        }
        cancel(consumer, method, completion)
    }

    /// Cancels a consumer. The broker answers in any case: only then is it sure that no message comes any more, and the
    /// tag is free again.
    private func cancel(
        _ consumer: Consumer, _ method: Method, _ completion: ((Result<BasicCancelOK, AMQPError>) throws -> Void)?
    ) {
        consumer.isCancelling = true
        request(method, isObserved: completion != nil, undo: { [self] _ in forget(consumer) }) {
            [self] (result: Result<BasicCancelOK, AMQPError>) in
            if case .success = result { forget(consumer) }
            try completion?(result)
        }
    }

    /// Fetches one message (`basic.get`).
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - autoAck: whether the message counts as acknowledged when it is sent.
    ///   - completion: called exactly once, with the message, `nil` if the queue is empty, or the reason for failure.
    public func basicGet(
        _ queue: String, autoAck: Bool = false, completion: @escaping (Result<Delivery?, AMQPError>) throws -> Void
    ) {
        let method = Method.basicGet(BasicGet(queue: queue, noAck: autoAck))
        if let refusal = refusal(of: method) {
            connection.refuse(refusal, completion)
            return
        }
        let undo: (Answer) -> Void = { [self] answer in
            if case .message(let delivery) = answer, !autoAck { basicReject(delivery.tag, requeue: true) }
        }
        submit(method, undo: undo) { [self] answer in
            switch answer {
            case .success(.message(let delivery)):
                if !autoAck { unacked.delivered(delivery.tag) }
                do {
                    try completion(.success(delivery))
                } catch {
                    let name = "a completion of basic.get"
                    handlerFailed(
                        name, delivery.tag, error, connection.parameters.handlerErrorPolicy, isAutoAck: autoAck)
                }
            case .success(.method): try completion(.success(nil))
            case .failure(let error): try completion(.failure(error))
            }
        }
    }

    // MARK: Receiving

    /// Hands a delivery to its consumer: most often the one of the delivery before.
    func deliver(_ delivery: Delivery) {
        guard takesMessages else { return }
        if let lastConsumer, lastConsumer.matches(delivery) {
            deliver(delivery, to: lastConsumer)
        } else if let consumer = delivery.consumerTagBytes.validText.flatMap({ consumers[$0] }) {
            lastConsumer = consumer
            deliver(delivery, to: consumer)
        } else {
            let tag = delivery.consumerTag ?? ""
            connection.logger.warning("delivery \(delivery.tag) for \"\(tag)\", which is no consumer; it stays unacked")
        }
    }

    /// Hands a delivery to a consumer of an open channel.
    @inline(__always)
    func deliver(_ delivery: Delivery, to consumer: Consumer) {
        guard !consumer.isCancelling else {
            if !consumer.isAutoAck { basicReject(delivery.tag, requeue: true) }
            return
        }
        if !consumer.isAutoAck { unacked.delivered(delivery.tag) }
        consumer.lastRead = connection.stallWatch.read
        do {
            try consumer.onMessage(self, delivery)
        } catch {
            handlerFailed(consumer, delivery, error)
        }
    }

    private func handlerFailed(_ consumer: Consumer, _ delivery: Delivery, _ error: any Error) {
        handlerFailed(
            "the handler of consumer \"\(consumer.tag)\"", delivery.tag, error, consumer.errorPolicy,
            isAutoAck: consumer.isAutoAck)
    }

    /// A handler threw an error for a delivery.
    ///
    /// - Parameter name: what the error calls the handler.
    package func handlerFailed(
        _ name: String, _ deliveryTag: UInt64, _ error: any Error, _ policy: HandlerErrorPolicy,
        isAutoAck: Bool = false
    ) {
        let reason = "\(name) threw an error for delivery \(deliveryTag)"
        connection.report(AMQPError(.handlerFailed, blame: .application, reason, underlying: error))
        if case .nack(let requeue) = policy, !isAutoAck { basicNack(deliveryTag, requeue: requeue) }
        carryOut(policy, because: "a delivery handler failed")
    }

    /// The broker cancelled a consumer.
    func receivedCancel(_ cancel: BasicCancel) {
        if !cancel.noWait {
            connection.send(.basicCancelOK(BasicCancelOK(consumerTag: cancel.consumerTag)), channel: number)
        }
        guard let consumer = consumers[cancel.consumerTag] else { return }
        let wasCancelling = consumer.isCancelling
        forget(consumer)
        guard !wasCancelling else { return }
        let reason = "the broker cancelled consumer \"\(consumer.tag)\""
        tellEnd(of: consumer, AMQPError(.consumerCancelled, blame: .peer, reason, method: .basicCancel))
        emit((self, consumer.tag), to: cancelListeners, "onCancel")
    }

    /// Tells a consumer that it has ended without the user's doing.
    func tellEnd(of consumer: Consumer, _ error: AMQPError) {
        attempt("the onCancel callback of consumer \"\(consumer.tag)\"") { try consumer.onCancel?(self, error) }
    }

    private func forget(_ consumer: Consumer) {
        if consumers[consumer.tag] === consumer { consumers[consumer.tag] = nil }
        if lastConsumer === consumer { lastConsumer = nil }
    }

    /// A tag that no other consumer has: the channel's number and 64 random bits.
    package static func uniqueTag(_ number: UInt16) -> String {
        "ctag\(number).\(String(UInt64.random(in: .min ... .max), radix: 16))"
    }
}
