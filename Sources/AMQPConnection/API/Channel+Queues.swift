public import AMQPProtocol

extension Channel {
    /// Declares a queue (`queue.declare`).
    ///
    /// - Parameters:
    ///   - queue: the queue's name, at most 255 bytes; empty lets the broker make one up.
    ///   - passive: whether to check only that the queue exists (404 if not).
    ///   - durable: whether the queue outlives the broker.
    ///   - exclusive: whether the queue belongs to this connection and ends with it.
    ///   - autoDelete: whether the queue ends with its last consumer.
    ///   - arguments: the broker's extensions, for example `x-message-ttl`.
    ///   - completion: called exactly once, with the queue's name and counts or the reason for failure. Without it, the
    ///     broker is asked not to answer.
    public func queueDeclare(
        _ queue: String = "", passive: Bool = false, durable: Bool = false, exclusive: Bool = false,
        autoDelete: Bool = false, arguments: FieldTable = [:],
        completion: ((Result<QueueDeclareOK, AMQPError>) throws -> Void)? = nil
    ) {
        let declare = QueueDeclare(
            queue: queue, passive: passive, durable: durable, exclusive: exclusive, autoDelete: autoDelete,
            noWait: completion == nil, arguments: arguments)
        requestOrTell(.queueDeclare(declare), completion)
    }

    /// Binds a queue to an exchange (`queue.bind`).
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - exchange: the exchange.
    ///   - routingKey: the binding's key; the queue's name if `nil`.
    ///   - arguments: what headers exchanges match, and the broker's extensions.
    ///   - completion: called exactly once, with the broker's answer or the reason for failure. Without it, the broker is
    ///     asked not to answer.
    public func queueBind(
        _ queue: String, exchange: String, routingKey: String? = nil, arguments: FieldTable = [:],
        completion: ((Result<QueueBindOK, AMQPError>) throws -> Void)? = nil
    ) {
        let bind = QueueBind(
            queue: queue, exchange: exchange, routingKey: routingKey ?? queue, noWait: completion == nil,
            arguments: arguments)
        requestOrTell(.queueBind(bind), completion)
    }

    /// Removes a binding (`queue.unbind`); a binding that does not exist is no error on RabbitMQ.
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - exchange: the exchange.
    ///   - routingKey: the binding's key; the queue's name if `nil`.
    ///   - arguments: the binding's arguments.
    ///   - completion: called exactly once, with the broker's answer or the reason for failure.
    public func queueUnbind(
        _ queue: String, exchange: String, routingKey: String? = nil, arguments: FieldTable = [:],
        completion: ((Result<QueueUnbindOK, AMQPError>) throws -> Void)? = nil
    ) {
        let unbind = QueueUnbind(
            queue: queue, exchange: exchange, routingKey: routingKey ?? queue, arguments: arguments)
        request(.queueUnbind(unbind), completion)
    }

    /// Removes the ready messages of a queue (`queue.purge`).
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - completion: called exactly once, with the number of messages or the reason for failure. Without it, the broker
    ///     is asked not to answer.
    public func queuePurge(_ queue: String, completion: ((Result<QueuePurgeOK, AMQPError>) throws -> Void)? = nil) {
        requestOrTell(.queuePurge(QueuePurge(queue: queue, noWait: completion == nil)), completion)
    }

    /// Deletes a queue (`queue.delete`); a queue that does not exist is no error on RabbitMQ.
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - ifUnused: whether to refuse (406) while the queue has consumers.
    ///   - ifEmpty: whether to refuse (406) while the queue has messages.
    ///   - completion: called exactly once, with the number of messages or the reason for failure. Without it, the broker
    ///     is asked not to answer.
    public func queueDelete(
        _ queue: String, ifUnused: Bool = false, ifEmpty: Bool = false,
        completion: ((Result<QueueDeleteOK, AMQPError>) throws -> Void)? = nil
    ) {
        let delete = QueueDelete(queue: queue, ifUnused: ifUnused, ifEmpty: ifEmpty, noWait: completion == nil)
        requestOrTell(.queueDelete(delete), completion)
    }
}
