public import AMQPConnection

extension BlockingChannel {
    /// Consumes a queue as a sequence:
    ///
    ///     for delivery in try channel.consume("test") {
    ///         try channel.basicAck(delivery.tag)
    ///     }
    ///     try channel.cancel()
    ///
    /// The same arguments again go on with the same consumer, until ``cancel()``. While a thousand messages wait to be given
    /// out the stream is read for answers only.
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - autoAck: whether messages count as acknowledged when they are sent.
    ///   - exclusive: whether this is to be the queue's only consumer.
    ///   - consumerTag: the consumer's name on this channel; a unique one is made up if `nil`.
    ///   - arguments: the broker's extensions.
    /// - Throws: ``AMQPError``: ``AMQPError/Code/invalidArgument`` if the channel consumes something else in this way; what
    ///   ended the loop before this one, if nobody has looked at ``DeliverySequence/failure`` (the next call goes on then);
    ///   or what ended the channel or the connection.
    @available(*, noasync)
    public func consume(
        _ queue: String, autoAck: Bool = false, exclusive: Bool = false, consumerTag: String? = nil,
        arguments: FieldTable = [:]
    ) throws(AMQPError) -> DeliverySequence {
        let source = DeliveryStream.Source(
            queue: queue, isAutoAck: autoAck, isExclusive: exclusive, arguments: arguments)
        if let error = stream?.takeUnseenFailure() { throw error }
        // What ended is replaced, when all that came has been given out.
        if let stream, !stream.isEnded || !stream.pending.isEmpty {
            guard stream.source == source, consumerTag == nil || consumerTag == stream.tag else {
                let reason = "the channel consumes \"\(stream.source.queue)\" already; cancel() ends that"
                throw AMQPError(.invalidArgument, blame: .application, reason, method: .basicConsume)
            }
            return DeliverySequence(channel: self, stream: stream)
        }
        let stream = DeliveryStream(source, tag: consumerTag ?? Channel.uniqueTag(channelNumber))
        // Now: the turn that brings the answer may bring the channel's end, too.
        self.stream = stream
        do throws(AMQPError) {
            _ = try call { completion in
                core.basicConsume(
                    queue, consumerTag: stream.tag, autoAck: autoAck, exclusive: exclusive, arguments: arguments,
                    onCancel: { [weak self] _, error in
                        guard error.code == .consumerCancelled else { return }
                        stream.isCancelledByBroker = true
                        stream.end()
                        self?.add(cancelOf: stream)
                    },
                    onMessage: { _, delivery in stream.pending.append(delivery) }, completion: completion)
            }
        } catch {
            self.stream = nil
            throw error
        }
        return DeliverySequence(channel: self, stream: stream)
    }

    /// Consumes a queue as a sequence that gives `nil` each time that no message has come for a while; otherwise as
    /// ``consume(_:autoAck:exclusive:consumerTag:arguments:)``.
    ///
    /// - Parameter inactivityTimeout: how long to wait for a message before `nil` is given.
    @available(*, noasync)
    public func consume(
        _ queue: String, autoAck: Bool = false, exclusive: Bool = false, consumerTag: String? = nil,
        arguments: FieldTable = [:], inactivityTimeout: Duration
    ) throws(AMQPError) -> TimedDeliverySequence {
        let deliveries = try consume(
            queue, autoAck: autoAck, exclusive: exclusive, consumerTag: consumerTag, arguments: arguments)
        return TimedDeliverySequence(deliveries: deliveries, inactivityTimeout: inactivityTimeout)
    }

    /// Ends what ``consume(_:autoAck:exclusive:consumerTag:arguments:)`` consumes; without such a consumer it does nothing.
    ///
    /// - Returns: the messages that came and were not given out, if they count as acknowledged: nobody else gets them.
    ///   Others go back to their queue.
    /// - Throws: ``AMQPError``: what ended the sequence, if neither the program nor the broker has cancelled it, or what
    ///   ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func cancel() throws(AMQPError) -> [Delivery] {
        guard let stream else { return [] }
        if isOpen {
            try connection.enter()
            let pending = stream.pending.removeAll()
            self.stream = nil
            stream.end()
            try end(stream.tag, stream.isCancelledByBroker, giveBack: stream.source.isAutoAck ? [] : pending)
            if let error = stream.takeFailure() { throw error }
            return stream.source.isAutoAck ? pending : []
        }
        self.stream = nil
        if let error = stream.takeFailure() { throw error }
        return stream.pending.removeAll()
    }

    /// The number of messages that have come for ``consume(_:autoAck:exclusive:consumerTag:arguments:)`` and not been
    /// given out.
    public var waitingMessageCount: Int { stream?.pending.count ?? 0 }

    /// The broker cancelled the consumer of a sequence: the callbacks hear of it.
    private func add(cancelOf stream: DeliveryStream) {
        let tell = { [unowned self] in
            let ended = BlockingConsumer(
                tag: stream.tag, isAutoAck: stream.source.isAutoAck, errorPolicy: .report, onMessage: { _, _ in })
            try dispatchCancel(ended)
        }
        connection.events.append(
            BlockingEvent(kind: .callback("onCancel", tell), channel: self, method: .basicCancel))
    }
}
