#if NIO
public import AMQPConnection
public import NIOCore

extension FutureChannel {
    /// Declares an exchange (`exchange.declare`). On RabbitMQ an unknown type closes the connection (503).
    ///
    /// - Parameters:
    ///   - exchange: the exchange's name, at most 255 bytes.
    ///   - type: the exchange's type. Default: direct.
    ///   - passive: whether to check only that the exchange exists (404 if not).
    ///   - durable: whether the exchange outlives the broker.
    ///   - autoDelete: whether the exchange ends with its last binding.
    ///   - internal: whether only other exchanges may publish to it.
    ///   - arguments: the broker's extensions, for example `alternate-exchange`.
    @discardableResult
    public func exchangeDeclare(
        _ exchange: String, type: ExchangeType = .direct, passive: Bool = false, durable: Bool = false,
        autoDelete: Bool = false, internal: Bool = false, arguments: FieldTable = [:]
    ) -> EventLoopFuture<ExchangeDeclareOK> {
        request {
            $0.exchangeDeclare(
                exchange, type: type, passive: passive, durable: durable, autoDelete: autoDelete,
                internal: `internal`, arguments: arguments, completion: $1)
        }
    }

    /// Deletes an exchange (`exchange.delete`); one that does not exist is no error on RabbitMQ.
    ///
    /// - Parameters:
    ///   - exchange: the exchange.
    ///   - ifUnused: whether to refuse (406) while it has bindings.
    @discardableResult
    public func exchangeDelete(_ exchange: String, ifUnused: Bool = false) -> EventLoopFuture<ExchangeDeleteOK> {
        request { $0.exchangeDelete(exchange, ifUnused: ifUnused, completion: $1) }
    }

    /// Binds an exchange to another (`exchange.bind`, an extension of RabbitMQ's).
    ///
    /// - Parameters:
    ///   - destination: the exchange that messages go to.
    ///   - source: the exchange that they come from.
    ///   - routingKey: the binding's key.
    ///   - arguments: what headers exchanges match, and the broker's extensions.
    @discardableResult
    public func exchangeBind(
        destination: String, source: String, routingKey: String = "", arguments: FieldTable = [:]
    ) -> EventLoopFuture<ExchangeBindOK> {
        request {
            $0.exchangeBind(
                destination: destination, source: source, routingKey: routingKey, arguments: arguments,
                completion: $1)
        }
    }

    /// Removes a binding between exchanges (`exchange.unbind`).
    ///
    /// - Parameters:
    ///   - destination: the exchange that messages go to.
    ///   - source: the exchange that they come from.
    ///   - routingKey: the binding's key.
    ///   - arguments: the binding's arguments.
    @discardableResult
    public func exchangeUnbind(
        destination: String, source: String, routingKey: String = "", arguments: FieldTable = [:]
    ) -> EventLoopFuture<ExchangeUnbindOK> {
        request {
            $0.exchangeUnbind(
                destination: destination, source: source, routingKey: routingKey, arguments: arguments,
                completion: $1)
        }
    }
}
#endif
