public import AMQPConnection

extension BlockingChannel {
    /// Publishes a message, and returns when it has left; in confirm mode (``confirmSelect()``) when the broker has taken
    /// responsibility for it.
    ///
    /// Without confirm mode a message to an exchange that does not exist closes the channel (404) later, and one that
    /// cannot be routed comes back, if it is mandatory, by ``onReturn(_:)``.
    ///
    /// - Parameters:
    ///   - body: the message's bytes; a text is sent as UTF-8.
    ///   - exchange: the exchange; empty is the default exchange, which routes to the queue named by the routing key.
    ///   - routingKey: the routing key, at most 255 bytes.
    ///   - properties: the message's properties.
    ///   - mandatory: whether the broker gives the message back if no queue is bound for it.
    /// - Throws: ``AMQPError``: ``AMQPError/Code/messageUnroutable`` and ``AMQPError/Code/messageNacked`` in confirm mode
    ///   (``AMQPError/returnedMessages`` has the messages); ``AMQPError/Code/deadlineExceeded`` if no confirm came within
    ///   ``requestTimeout``, or if the broker does not read; ``AMQPError/Code/invalidArgument``, or what ended the channel
    ///   or the connection.
    @available(*, noasync)
    public func basicPublish(
        _ body: some MessageBody, exchange: String = "", routingKey: String,
        properties: MessageProperties = MessageProperties(), mandatory: Bool = false
    ) throws(AMQPError) {
        guard isConfirming else {
            return try tell { () throws(AMQPError) in
                try core.basicPublish(
                    body, exchange: exchange, routingKey: routingKey, properties: properties, mandatory: mandatory)
            }
        }
        try requireOpen()
        try connection.enter()
        defer { connection.forgetIfOver() }
        var outcome: PublishOutcome?
        try core.basicPublish(
            body, exchange: exchange, routingKey: routingKey, properties: properties, mandatory: mandatory,
            onOutcome: { outcome = $0 })
        try connection.flush(within: requestTimeout)
        let deadline = requestTimeout.map { connection.loop.now.advanced(by: $0) }
        connection.run(until: deadline) { outcome == nil }
        // What the broker said of the message holds, even if the end of the channel came with it.
        switch outcome {
        case .confirmed: return
        case .returned(let message): throw UndeliveredMessages(messages: [message]).error(.messageUnroutable)
        case .nacked: throw UndeliveredMessages(messages: []).error(.messageNacked)
        case .lost(let error):
            try throwEnding()
            throw error
        case nil:
            try throwEnding()
            throw AMQPError(
                .deadlineExceeded, blame: .deadline, "the publish was not confirmed in time", method: .basicPublish)
        }
    }

    /// Puts the channel into confirm mode: each publish waits for the broker's confirm from now on.
    ///
    /// The mode cannot be left again, and excludes transactions (406). In confirm mode already, it does nothing.
    ///
    /// - Throws: ``AMQPError``: ``AMQPError/Code/notSupported``, or what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func confirmSelect() throws(AMQPError) -> ConfirmSelectOK {
        if isConfirming { return ConfirmSelectOK() }
        return try call { completion in core.confirmSelect(completion: completion) }
    }

    /// Whether publishes are confirmed.
    public var isConfirming: Bool { core.isConfirming }
}
