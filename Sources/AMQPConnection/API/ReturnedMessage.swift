public import AMQPProtocol

/// A message that the broker could not route and gave back (`basic.return`).
public struct ReturnedMessage: Sendable {
    private let content: Content
    private let argumentsOffset: Int

    init(_ message: ContentAssembler.Message) {
        content = message.content
        argumentsOffset = message.head.argumentsOffset
    }

    /// Why it was returned, for example 312 (no route).
    public var replyCode: UInt16 {
        ByteSlice(chunk: content.chunk, offset: argumentsOffset, count: 2).reduce(0) { $0 << 8 | UInt16($1) }
    }

    /// The broker's text for the reason.
    public var replyText: String { content.shortString(at: argumentsOffset + 2).text }

    /// The exchange that the message was published to.
    public var exchange: String { content.exchange.text }

    /// The routing key that the message was published with.
    public var routingKey: String { content.routingKey.text }

    /// The body, sharing the received memory.
    public var body: ByteSlice { content.body }

    /// The message's properties, decoded at each call.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/protocolViolation`` if they are malformed.
    public var properties: MessageProperties {
        get throws(AMQPError) { try content.properties() }
    }
}

extension ReturnedMessage: CustomStringConvertible {
    /// Code, text, exchange, routing key and body size.
    public var description: String {
        "returned with \(replyCode) \(replyText): exchange \"\(exchange)\", routing key \"\(routingKey)\", "
            + "\(body.count) bytes"
    }
}
