public import AMQPProtocol

/// The methods that take arguments, with typed ones; what cannot be sent is refused as other arguments are.
extension Channel {
    /// Declares a queue with typed arguments (`queue.declare`).
    ///
    /// - Parameters:
    ///   - queue: the queue's name, at most 255 bytes; empty lets the broker make one up.
    ///   - passive: whether to check only that the queue exists (404 if not).
    ///   - durable: whether the queue outlives the broker; quorum queues and streams must.
    ///   - exclusive: whether the queue belongs to this connection and ends with it.
    ///   - autoDelete: whether the queue ends with its last consumer.
    ///   - arguments: RabbitMQ's extensions.
    ///   - completion: called exactly once, with the queue's name and counts or the reason for failure
    ///     (``AMQPError/Code/invalidArgument`` for a value out of range). Without it, the broker is asked not to answer.
    public func queueDeclare(
        _ queue: String = "", passive: Bool = false, durable: Bool = false, exclusive: Bool = false,
        autoDelete: Bool = false, arguments: QueueArguments,
        completion: ((Result<QueueDeclareOK, AMQPError>) throws -> Void)? = nil
    ) {
        do throws(AMQPError) {
            queueDeclare(
                queue, passive: passive, durable: durable, exclusive: exclusive, autoDelete: autoDelete,
                arguments: try arguments.table(), completion: completion)
        } catch {
            connection.refuse(error, completion)
        }
    }

    /// Declares an exchange with typed arguments; on RabbitMQ an unknown type closes the connection (503).
    ///
    /// - Parameters:
    ///   - exchange: the exchange's name, at most 255 bytes.
    ///   - type: the exchange's type. Default: direct.
    ///   - passive: whether to check only that the exchange exists (404 if not).
    ///   - durable: whether the exchange outlives the broker.
    ///   - autoDelete: whether the exchange ends with its last binding.
    ///   - internal: whether only other exchanges may publish to it.
    ///   - arguments: RabbitMQ's extensions.
    ///   - completion: called exactly once, with the broker's answer or the reason for failure. Without it, the broker is
    ///     asked not to answer.
    public func exchangeDeclare(
        _ exchange: String, type: ExchangeType = .direct, passive: Bool = false, durable: Bool = false,
        autoDelete: Bool = false, internal: Bool = false, arguments: ExchangeArguments,
        completion: ((Result<ExchangeDeclareOK, AMQPError>) throws -> Void)? = nil
    ) {
        do throws(AMQPError) {
            exchangeDeclare(
                exchange, type: type, passive: passive, durable: durable, autoDelete: autoDelete,
                internal: `internal`, arguments: try arguments.table(), completion: completion)
        } catch {
            connection.refuse(error, completion)
        }
    }

    /// Starts a consumer with typed arguments. Nothing is sent if one of them is out of range.
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - consumerTag: the consumer's name on this channel, at most 255 bytes; a unique one is made up if `nil`.
    ///   - autoAck: whether messages count as acknowledged when they are sent (the protocol's no-ack).
    ///   - exclusive: whether this is to be the queue's only consumer.
    ///   - arguments: RabbitMQ's extensions.
    ///   - errorPolicy: what an error thrown by `onMessage` leads to; the connection's policy if `nil`.
    ///   - onCancel: called once when the consumer ends without the user's doing.
    ///   - onMessage: called for each message, in the order of arrival.
    ///   - completion: called exactly once, with the broker's answer or the reason for failure.
    /// - Returns: the consumer's tag.
    @discardableResult
    public func basicConsume(
        _ queue: String, consumerTag: String? = nil, autoAck: Bool = false, exclusive: Bool = false,
        arguments: ConsumerArguments, errorPolicy: HandlerErrorPolicy? = nil,
        onCancel: ((Channel, AMQPError) throws -> Void)? = nil, onMessage: @escaping (Channel, Delivery) throws -> Void,
        completion: ((Result<BasicConsumeOK, AMQPError>) throws -> Void)? = nil
    ) -> String {
        let tag = consumerTag ?? Channel.uniqueTag(number)
        do throws(AMQPError) {
            return basicConsume(
                queue, consumerTag: tag, autoAck: autoAck, exclusive: exclusive, arguments: try arguments.table(),
                errorPolicy: errorPolicy, onCancel: onCancel, onMessage: onMessage, completion: completion)
        } catch {
            connection.refuse(error, completion)
            return tag
        }
    }
}
