public import AMQPConnection

extension BlockingChannel {
    /// Declares an exchange. On RabbitMQ an unknown type closes the connection (503).
    ///
    /// - Parameters:
    ///   - exchange: the exchange's name, at most 255 bytes.
    ///   - type: the exchange's type. Default: direct.
    ///   - passive: whether to check only that the exchange exists (404 if not).
    ///   - durable: whether the exchange outlives the broker.
    ///   - autoDelete: whether the exchange ends with its last binding.
    ///   - internal: whether only other exchanges may publish to it.
    ///   - arguments: the broker's extensions, for example `alternate-exchange`.
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func exchangeDeclare(
        _ exchange: String, type: ExchangeType = .direct, passive: Bool = false, durable: Bool = false,
        autoDelete: Bool = false, internal: Bool = false, arguments: FieldTable = [:]
    ) throws(AMQPError) -> ExchangeDeclareOK {
        try call { completion in
            core.exchangeDeclare(
                exchange, type: type, passive: passive, durable: durable, autoDelete: autoDelete, internal: `internal`,
                arguments: arguments, completion: completion)
        }
    }

    /// Deletes an exchange; one that does not exist is no error on RabbitMQ.
    ///
    /// - Parameters:
    ///   - exchange: the exchange.
    ///   - ifUnused: whether to refuse (406) while it has bindings.
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func exchangeDelete(_ exchange: String, ifUnused: Bool = false) throws(AMQPError) -> ExchangeDeleteOK {
        try call { completion in core.exchangeDelete(exchange, ifUnused: ifUnused, completion: completion) }
    }

    /// Binds an exchange to another.
    ///
    /// - Parameters:
    ///   - destination: the exchange that messages go to.
    ///   - source: the exchange that they come from.
    ///   - routingKey: the binding's key.
    ///   - arguments: what headers exchanges match, and the broker's extensions.
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func exchangeBind(
        destination: String, source: String, routingKey: String = "", arguments: FieldTable = [:]
    ) throws(AMQPError) -> ExchangeBindOK {
        try call { completion in
            core.exchangeBind(
                destination: destination, source: source, routingKey: routingKey, arguments: arguments,
                completion: completion)
        }
    }

    /// Removes a binding between exchanges.
    ///
    /// - Parameters:
    ///   - destination: the exchange that messages go to.
    ///   - source: the exchange that they come from.
    ///   - routingKey: the binding's key.
    ///   - arguments: the binding's arguments.
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func exchangeUnbind(
        destination: String, source: String, routingKey: String = "", arguments: FieldTable = [:]
    ) throws(AMQPError) -> ExchangeUnbindOK {
        try call { completion in
            core.exchangeUnbind(
                destination: destination, source: source, routingKey: routingKey, arguments: arguments,
                completion: completion)
        }
    }
}
