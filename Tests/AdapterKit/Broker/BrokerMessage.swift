public import AMQPConnection

/// A message that a ``ScriptedBroker`` holds or delivers.
public struct BrokerMessage: Sendable {
    /// The exchange that it was published to; empty for the default one.
    public var exchange: String
    /// The routing key; on the default exchange the name of a queue.
    public var routingKey: String
    /// The properties of its header.
    public var properties: MessageProperties
    /// The body, all frames together.
    public var body: ByteSlice

    /// A message; by default one without properties on the default exchange.
    public init(
        exchange: String = "", routingKey: String, properties: MessageProperties = MessageProperties(), body: ByteSlice
    ) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.properties = properties
        self.body = body
    }
}
