public import AMQPProtocol

extension Channel {
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
    ///   - completion: called exactly once, with the broker's answer or the reason for failure. Without it, the broker is
    ///     asked not to answer.
    public func exchangeDeclare(
        _ exchange: String, type: ExchangeType = .direct, passive: Bool = false, durable: Bool = false,
        autoDelete: Bool = false, internal: Bool = false, arguments: FieldTable = [:],
        completion: ((Result<ExchangeDeclareOK, AMQPError>) throws -> Void)? = nil
    ) {
        let declare = ExchangeDeclare(
            exchange: exchange, type: type.rawValue, passive: passive, durable: durable, autoDelete: autoDelete,
            internal: `internal`, noWait: completion == nil, arguments: arguments)
        requestOrTell(.exchangeDeclare(declare), completion)
    }

    /// Deletes an exchange (`exchange.delete`); one that does not exist is no error on RabbitMQ.
    ///
    /// - Parameters:
    ///   - exchange: the exchange.
    ///   - ifUnused: whether to refuse (406) while it has bindings.
    ///   - completion: called exactly once, with the broker's answer or the reason for failure. Without it, the broker is
    ///     asked not to answer.
    public func exchangeDelete(
        _ exchange: String, ifUnused: Bool = false,
        completion: ((Result<ExchangeDeleteOK, AMQPError>) throws -> Void)? = nil
    ) {
        let delete = ExchangeDelete(exchange: exchange, ifUnused: ifUnused, noWait: completion == nil)
        requestOrTell(.exchangeDelete(delete), completion)
    }

    /// Binds an exchange to another (`exchange.bind`, an extension of RabbitMQ's).
    ///
    /// - Parameters:
    ///   - destination: the exchange that messages go to.
    ///   - source: the exchange that they come from.
    ///   - routingKey: the binding's key.
    ///   - arguments: what headers exchanges match, and the broker's extensions.
    ///   - completion: called exactly once, with the broker's answer or the reason for failure. Without it, the broker is
    ///     asked not to answer.
    public func exchangeBind(
        destination: String, source: String, routingKey: String = "", arguments: FieldTable = [:],
        completion: ((Result<ExchangeBindOK, AMQPError>) throws -> Void)? = nil
    ) {
        let bind = ExchangeBind(
            destination: destination, source: source, routingKey: routingKey, noWait: completion == nil,
            arguments: arguments)
        requestOrTell(.exchangeBind(bind), completion)
    }

    /// Removes a binding between exchanges (`exchange.unbind`).
    ///
    /// - Parameters:
    ///   - destination: the exchange that messages go to.
    ///   - source: the exchange that they come from.
    ///   - routingKey: the binding's key.
    ///   - arguments: the binding's arguments.
    ///   - completion: called exactly once, with the broker's answer or the reason for failure. Without it, the broker is
    ///     asked not to answer.
    public func exchangeUnbind(
        destination: String, source: String, routingKey: String = "", arguments: FieldTable = [:],
        completion: ((Result<ExchangeUnbindOK, AMQPError>) throws -> Void)? = nil
    ) {
        let unbind = ExchangeUnbind(
            destination: destination, source: source, routingKey: routingKey, noWait: completion == nil,
            arguments: arguments)
        requestOrTell(.exchangeUnbind(unbind), completion)
    }
}
