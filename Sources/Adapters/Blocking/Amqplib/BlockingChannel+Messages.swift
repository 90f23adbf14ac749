public import AMQPConnection

extension BlockingChannel {
    /// The channel's number, as amqplib calls it.
    public var channelID: UInt16 { channelNumber }

    /// Publishes a message; text is encoded as its content encoding says. Otherwise as
    /// ``basicPublish(_:exchange:routingKey:properties:mandatory:)``.
    @available(*, noasync)
    public func basicPublish(
        _ message: Message, exchange: String = "", routingKey: String = "", mandatory: Bool = false
    ) throws(AMQPError) {
        let (bytes, properties) = try message.encoded()
        try basicPublish(
            bytes, exchange: exchange, routingKey: routingKey, properties: properties, mandatory: mandatory)
    }

    /// Fetches one message, if the queue has any, with its body decoded (``autoDecode``).
    ///
    /// - Throws: ``AMQPError``: what ended the channel or the connection, or ``AMQPError/Code/protocolViolation`` if the
    ///   message's properties are malformed.
    @available(*, noasync)
    public func getMessage(_ queue: String, autoAck: Bool = false) throws(AMQPError) -> Message? {
        guard let delivery = try basicGet(queue, autoAck: autoAck) else { return nil }
        return try message(of: delivery)
    }

    /// Starts a consumer whose handler is given messages; otherwise as
    /// ``basicConsume(_:consumerTag:autoAck:exclusive:noLocal:arguments:errorPolicy:onMessage:)``.
    @available(*, noasync)
    @discardableResult
    public func consumeMessages(
        _ queue: String, consumerTag: String? = nil, autoAck: Bool = false, exclusive: Bool = false,
        noLocal: Bool = false, arguments: FieldTable = [:],
        callback: @escaping (BlockingChannel, Message) throws -> Void
    ) throws(AMQPError) -> String {
        try basicConsume(
            queue, consumerTag: consumerTag, autoAck: autoAck, exclusive: exclusive, noLocal: noLocal,
            arguments: arguments
        ) { channel, delivery in
            try callback(channel, try channel.message(of: delivery))
        }
    }

    /// The message of a delivery, with its body decoded (``autoDecode``).
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/protocolViolation`` if its properties are malformed.
    public func message(of delivery: Delivery) throws(AMQPError) -> Message {
        try Message(delivery, on: channelNumber, isDecoded: autoDecode)
    }

    /// Asks for access to a realm, as brokers of AMQP 0-8 want it; RabbitMQ answers and ignores it.
    ///
    /// - Returns: the ticket, which the channel's later calls carry.
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func accessRequest(
        _ realm: String, exclusive: Bool = false, passive: Bool = false, active: Bool = false, write: Bool = false,
        read: Bool = false
    ) throws(AMQPError) -> UInt16 {
        try call { completion in
            core.accessRequest(
                realm, exclusive: exclusive, passive: passive, active: active, write: write, read: read,
                completion: completion)
        }.ticket
    }
}
