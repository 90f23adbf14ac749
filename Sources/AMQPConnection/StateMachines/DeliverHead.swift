import AMQPProtocol

/// Where the arguments of a `basic.deliver` lie, found without decoding them.
struct DeliverHead {
    /// Where the arguments start in the chunk, with the consumer tag's short string.
    let argumentsOffset: Int
    /// Where the exchange's short string starts; the routing key's follows it.
    let exchangeOffset: Int
    let deliveryTag: UInt64
    let isRedelivered: Bool

    /// Checks a method frame; `nil` if it is another method or its arguments are malformed.
    init?(_ frame: borrowing Frame) {
        // SAFETY: the frame lies in its chunk, and every offset is compared with the frame's size before it is used.
        let bytes = UnsafeRawBufferPointer(start: frame.chunk.base + frame.offset, count: frame.count)
        guard bytes.count >= 16, bytes.number(at: 0, as: UInt32.self) == 0x003C_003C else { return nil }
        let tag = 5 + Int(bytes[4])
        let exchange = tag + 9
        guard exchange < bytes.count else { return nil }
        let routingKey = exchange + 1 + Int(bytes[exchange])
        guard routingKey < bytes.count, routingKey + 1 + Int(bytes[routingKey]) == bytes.count else { return nil }
        argumentsOffset = frame.offset + 4
        exchangeOffset = frame.offset + exchange
        deliveryTag = bytes.number(at: tag, as: UInt64.self)
        isRedelivered = bytes[tag + 8] & 1 != 0
    }
}
