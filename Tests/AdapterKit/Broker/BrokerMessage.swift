public import AMQPConnection

/// A message that a ``ScriptedBroker`` holds or delivers.
public struct BrokerMessage: Sendable {
    public var exchange: String
    public var routingKey: String
    public var properties: MessageProperties
    public var body: ByteSlice

    public init(
        exchange: String = "", routingKey: String, properties: MessageProperties = MessageProperties(), body: ByteSlice
    ) {
        self.exchange = exchange
        self.routingKey = routingKey
        self.properties = properties
        self.body = body
    }
}
