public import AMQPConnection
public import AMQPProtocol

/// Exchanges and queues. Every call throws ``AMQPError`` as its form of ``Channel``'s does, and
/// ``AMQPError/Code/cancelled``.
extension AsyncChannel {
    /// Declares an exchange (`exchange.declare`); see ``Channel``'s for the parameters.
    @discardableResult
    public func exchangeDeclare(
        _ exchange: String, type: ExchangeType = .direct, passive: Bool = false, durable: Bool = false,
        autoDelete: Bool = false, internal: Bool = false, arguments: FieldTable = [:]
    ) async throws(AMQPError) -> ExchangeDeclareOK {
        try await call {
            $0.exchangeDeclare(
                exchange, type: type, passive: passive, durable: durable, autoDelete: autoDelete,
                internal: `internal`, arguments: arguments, completion: $1)
        }
    }

    /// Deletes an exchange (`exchange.delete`).
    @discardableResult
    public func exchangeDelete(
        _ exchange: String, ifUnused: Bool = false
    ) async throws(AMQPError) -> ExchangeDeleteOK {
        try await call { $0.exchangeDelete(exchange, ifUnused: ifUnused, completion: $1) }
    }

    /// Binds an exchange to another (`exchange.bind`).
    @discardableResult
    public func exchangeBind(
        destination: String, source: String, routingKey: String = "", arguments: FieldTable = [:]
    ) async throws(AMQPError) -> ExchangeBindOK {
        try await call {
            $0.exchangeBind(
                destination: destination, source: source, routingKey: routingKey, arguments: arguments, completion: $1)
        }
    }

    /// Removes a binding between exchanges (`exchange.unbind`).
    @discardableResult
    public func exchangeUnbind(
        destination: String, source: String, routingKey: String = "", arguments: FieldTable = [:]
    ) async throws(AMQPError) -> ExchangeUnbindOK {
        try await call {
            $0.exchangeUnbind(
                destination: destination, source: source, routingKey: routingKey, arguments: arguments, completion: $1)
        }
    }

    /// Declares a queue (`queue.declare`); an empty name lets the broker make one up, which the answer tells.
    @discardableResult
    public func queueDeclare(
        _ queue: String = "", passive: Bool = false, durable: Bool = false, exclusive: Bool = false,
        autoDelete: Bool = false, arguments: FieldTable = [:]
    ) async throws(AMQPError) -> QueueDeclareOK {
        try await call {
            $0.queueDeclare(
                queue, passive: passive, durable: durable, exclusive: exclusive, autoDelete: autoDelete,
                arguments: arguments, completion: $1)
        }
    }

    /// Binds a queue to an exchange (`queue.bind`); the routing key is the queue's name if `nil`.
    @discardableResult
    public func queueBind(
        _ queue: String, exchange: String, routingKey: String? = nil, arguments: FieldTable = [:]
    ) async throws(AMQPError) -> QueueBindOK {
        try await call {
            $0.queueBind(queue, exchange: exchange, routingKey: routingKey, arguments: arguments, completion: $1)
        }
    }

    /// Removes a binding (`queue.unbind`); the routing key is the queue's name if `nil`.
    @discardableResult
    public func queueUnbind(
        _ queue: String, exchange: String, routingKey: String? = nil, arguments: FieldTable = [:]
    ) async throws(AMQPError) -> QueueUnbindOK {
        try await call {
            $0.queueUnbind(queue, exchange: exchange, routingKey: routingKey, arguments: arguments, completion: $1)
        }
    }

    /// Removes the ready messages of a queue (`queue.purge`).
    @discardableResult
    public func queuePurge(_ queue: String) async throws(AMQPError) -> QueuePurgeOK {
        try await call { $0.queuePurge(queue, completion: $1) }
    }

    /// Deletes a queue (`queue.delete`).
    @discardableResult
    public func queueDelete(
        _ queue: String, ifUnused: Bool = false, ifEmpty: Bool = false
    ) async throws(AMQPError) -> QueueDeleteOK {
        try await call { $0.queueDelete(queue, ifUnused: ifUnused, ifEmpty: ifEmpty, completion: $1) }
    }
}
