public import AMQPConnection

extension BlockingChannel {
    /// Declares a queue.
    ///
    /// - Parameters:
    ///   - queue: the queue's name, at most 255 bytes; empty lets the broker make one up.
    ///   - passive: whether to check only that the queue exists (404 if not).
    ///   - durable: whether the queue outlives the broker.
    ///   - exclusive: whether the queue belongs to this connection and ends with it.
    ///   - autoDelete: whether the queue ends with its last consumer.
    ///   - arguments: the broker's extensions, for example `x-message-ttl`.
    /// - Returns: the queue's name and counts.
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func queueDeclare(
        _ queue: String = "", passive: Bool = false, durable: Bool = false, exclusive: Bool = false,
        autoDelete: Bool = false, arguments: FieldTable = [:]
    ) throws(AMQPError) -> QueueDeclareOK {
        try call { completion in
            core.queueDeclare(
                queue, passive: passive, durable: durable, exclusive: exclusive, autoDelete: autoDelete,
                arguments: arguments, completion: completion)
        }
    }

    /// Binds a queue to an exchange.
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - exchange: the exchange.
    ///   - routingKey: the binding's key; the queue's name if `nil`.
    ///   - arguments: what headers exchanges match, and the broker's extensions.
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func queueBind(
        _ queue: String, exchange: String, routingKey: String? = nil, arguments: FieldTable = [:]
    ) throws(AMQPError) -> QueueBindOK {
        try call { completion in
            core.queueBind(
                queue, exchange: exchange, routingKey: routingKey, arguments: arguments, completion: completion)
        }
    }

    /// Removes a binding; one that does not exist is no error on RabbitMQ.
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - exchange: the exchange.
    ///   - routingKey: the binding's key; the queue's name if `nil`.
    ///   - arguments: the binding's arguments.
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func queueUnbind(
        _ queue: String, exchange: String, routingKey: String? = nil, arguments: FieldTable = [:]
    ) throws(AMQPError) -> QueueUnbindOK {
        try call { completion in
            core.queueUnbind(
                queue, exchange: exchange, routingKey: routingKey, arguments: arguments, completion: completion)
        }
    }

    /// Removes the ready messages of a queue.
    ///
    /// - Parameter queue: the queue; empty means the one that this channel declared last.
    /// - Returns: the number of messages.
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func queuePurge(_ queue: String) throws(AMQPError) -> QueuePurgeOK {
        try call { completion in core.queuePurge(queue, completion: completion) }
    }

    /// Deletes a queue; one that does not exist is no error on RabbitMQ.
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - ifUnused: whether to refuse (406) while the queue has consumers.
    ///   - ifEmpty: whether to refuse (406) while the queue has messages.
    /// - Returns: the number of messages that went with it.
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func queueDelete(
        _ queue: String, ifUnused: Bool = false, ifEmpty: Bool = false
    ) throws(AMQPError) -> QueueDeleteOK {
        try call { completion in
            core.queueDelete(queue, ifUnused: ifUnused, ifEmpty: ifEmpty, completion: completion)
        }
    }
}
