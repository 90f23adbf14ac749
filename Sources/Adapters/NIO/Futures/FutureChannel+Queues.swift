#if NIO
public import AMQPConnection
public import NIOCore

extension FutureChannel {
    /// Declares a queue (`queue.declare`).
    ///
    /// - Parameters:
    ///   - queue: the queue's name, at most 255 bytes; empty lets the broker make one up.
    ///   - passive: whether to check only that the queue exists (404 if not).
    ///   - durable: whether the queue outlives the broker.
    ///   - exclusive: whether the queue belongs to this connection and ends with it.
    ///   - autoDelete: whether the queue ends with its last consumer.
    ///   - arguments: the broker's extensions, for example `x-message-ttl`.
    /// - Returns: the queue's name and counts.
    @discardableResult
    public func queueDeclare(
        _ queue: String = "", passive: Bool = false, durable: Bool = false, exclusive: Bool = false,
        autoDelete: Bool = false, arguments: FieldTable = [:]
    ) -> EventLoopFuture<QueueDeclareOK> {
        request {
            $0.queueDeclare(
                queue, passive: passive, durable: durable, exclusive: exclusive, autoDelete: autoDelete,
                arguments: arguments, completion: $1)
        }
    }

    /// Binds a queue to an exchange (`queue.bind`).
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - exchange: the exchange.
    ///   - routingKey: the binding's key; the queue's name if `nil`.
    ///   - arguments: what headers exchanges match, and the broker's extensions.
    @discardableResult
    public func queueBind(
        _ queue: String, exchange: String, routingKey: String? = nil, arguments: FieldTable = [:]
    ) -> EventLoopFuture<QueueBindOK> {
        request {
            $0.queueBind(
                queue, exchange: exchange, routingKey: routingKey, arguments: arguments, completion: $1)
        }
    }

    /// Removes a binding (`queue.unbind`); a binding that does not exist is no error on RabbitMQ.
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - exchange: the exchange.
    ///   - routingKey: the binding's key; the queue's name if `nil`.
    ///   - arguments: the binding's arguments.
    @discardableResult
    public func queueUnbind(
        _ queue: String, exchange: String, routingKey: String? = nil, arguments: FieldTable = [:]
    ) -> EventLoopFuture<QueueUnbindOK> {
        request {
            $0.queueUnbind(
                queue, exchange: exchange, routingKey: routingKey, arguments: arguments, completion: $1)
        }
    }

    /// Removes the ready messages of a queue (`queue.purge`).
    ///
    /// - Parameter queue: the queue; empty means the one that this channel declared last.
    /// - Returns: the number of messages.
    @discardableResult
    public func queuePurge(_ queue: String) -> EventLoopFuture<QueuePurgeOK> {
        request { $0.queuePurge(queue, completion: $1) }
    }

    /// Deletes a queue (`queue.delete`), and ends this channel's consumers of it; a queue that does not exist is no error
    /// on RabbitMQ.
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - ifUnused: whether to refuse (406) while the queue has consumers.
    ///   - ifEmpty: whether to refuse (406) while the queue has messages.
    /// - Returns: the number of messages.
    @discardableResult
    public func queueDelete(
        _ queue: String, ifUnused: Bool = false, ifEmpty: Bool = false
    ) -> EventLoopFuture<QueueDeleteOK> {
        onLoop { $0.delete(queue, ifUnused: ifUnused, ifEmpty: ifEmpty) }
    }
}
#endif
