public import AMQPProtocol

/// A message that a consumer or `basic.get` received.
///
/// It is a small value over the received bytes: exchange, routing key, properties and body are decoded when they are
/// asked for. It keeps the chunk that it was received into alive (up to 1 MiB, shared with its neighbours); what is kept
/// for long is better kept as ``copied()``. It may be handed to any thread; acknowledging happens on the channel's.
public struct Delivery: Sendable {
    private var content: Content
    private var argumentsOffset: Int
    private var isFromGet: Bool

    /// The delivery tag, which acknowledges the message on its channel.
    public let tag: UInt64
    /// Whether the message may have been delivered before.
    public let isRedelivered: Bool

    /// A delivery whose frames lie in one chunk.
    init(_ whole: WholeDelivery, in chunk: Chunk) {
        content = Content(
            chunk: chunk, exchangeOffset: whole.exchangeOffset, propertiesOffset: whole.propertiesOffset,
            propertiesCount: whole.propertiesCount, bodyChunk: nil, bodyOffset: whole.bodyOffset,
            bodyCount: whole.bodyCount)
        argumentsOffset = whole.argumentsOffset
        isFromGet = false
        tag = whole.deliveryTag
        isRedelivered = whole.isRedelivered
    }

    init(_ message: ContentAssembler.Message) {
        content = message.content
        argumentsOffset = message.head.argumentsOffset
        isFromGet = message.head.kind == .getOK
        tag = message.head.deliveryTag
        isRedelivered = message.head.isRedelivered
    }

    /// The body, sharing the received memory.
    public var body: ByteSlice { content.body }

    /// The body as text; what is not UTF-8 is replaced by U+FFFD.
    public var text: String { content.body.text }

    /// The exchange that the message was published to; empty for the default exchange.
    public var exchange: String { content.exchange.text }

    /// The routing key that the message was published with; what is not UTF-8 is replaced by U+FFFD.
    public var routingKey: String { content.routingKey.text }

    /// The bytes of the routing key, which need not be UTF-8.
    public var routingKeyBytes: ByteSlice { content.routingKey }

    /// The tag of the consumer that the message was delivered to; `nil` for a message of `basic.get`.
    public var consumerTag: String? { isFromGet ? nil : consumerTagBytes.text }

    /// The number of messages left in the queue, for a message of `basic.get`; `nil` for others.
    public var messageCount: UInt32? {
        guard isFromGet else { return nil }
        let offset = content.exchangeOffset + 2 + content.exchange.count + content.routingKey.count
        let bytes = ByteSlice(chunk: content.chunk, offset: offset, count: 4)
        return bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// The message's properties, decoded at each call.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/protocolViolation`` if they are malformed or hold a field
    ///   of an unknown type. Body, tag and the other parts are good all the same.
    public var properties: MessageProperties {
        get throws(AMQPError) { try content.properties() }
    }

    /// The message's properties as they are on the wire (flags and values), for handing them on unchanged.
    public var encodedProperties: ByteSlice { content.encodedProperties }

    /// The same message in memory of its own, so that it no longer keeps its neighbours alive.
    public func copied() -> Delivery {
        let tail = isFromGet ? 4 : 0
        let end = content.exchangeOffset + 2 + content.exchange.count + content.routingKey.count + tail
        var copy = self
        let (content, shift) = self.content.copied(from: argumentsOffset, to: end)
        copy.content = content
        copy.argumentsOffset -= shift
        return copy
    }

    /// The consumer tag in place; only for deliveries of consumers.
    var consumerTagBytes: ByteSlice { content.shortString(at: argumentsOffset) }

    /// Calls `body` with the bytes of the consumer tag; only for deliveries of consumers.
    func withConsumerTag<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        // SAFETY: the bounds were checked when the method was received, and the chunk lives as long as `self`.
        let start = content.chunk.base + argumentsOffset
        let count = Int(start.load(as: UInt8.self))
        defer { withExtendedLifetime(self) {} }
        return body(UnsafeRawBufferPointer(start: start + 1, count: count))
    }
}

extension Delivery: CustomStringConvertible {
    /// Tag, exchange, routing key and body size; never more than about 1 KiB.
    public var description: String {
        "delivery \(tag)\(isRedelivered ? " (redelivered)" : "") from exchange \"\(exchange)\", "
            + "routing key \"\(routingKey)\", \(body.count) bytes"
    }
}
