import AMQPProtocol

/// A consumer of a channel: where its deliveries go.
final class Consumer {
    let tag: String
    let isAutoAck: Bool
    let errorPolicy: HandlerErrorPolicy
    let onMessage: (Channel, Delivery) throws -> Void
    let onCancel: ((Channel, AMQPError) throws -> Void)?
    /// Whether the broker has been asked for the consumer.
    var isRequested = false
    /// Whether the broker has confirmed the consumer.
    var isStarted = false
    /// Set when the user has cancelled: what still comes goes back to the queue.
    var isCancelling = false
    /// The read that brought the last delivery, for ``StallWatch``.
    var lastRead: UInt64 = 0
    /// The tag as it is on the wire, in memory of its own.
    private let tagChunk: Chunk
    private let tagByteCount: Int

    init(
        tag: String, isAutoAck: Bool, errorPolicy: HandlerErrorPolicy,
        onMessage: @escaping (Channel, Delivery) throws -> Void, onCancel: ((Channel, AMQPError) throws -> Void)?
    ) {
        self.tag = tag
        self.isAutoAck = isAutoAck
        self.errorPolicy = errorPolicy
        self.onMessage = onMessage
        self.onCancel = onCancel
        self.tagByteCount = tag.utf8.count
        self.tagChunk = Chunk(capacity: tagByteCount)
        tagChunk.writable(from: 0).copyBytes(from: tag.utf8)
    }

    /// Whether a delivery is for this consumer.
    func matches(_ delivery: Delivery) -> Bool {
        // SAFETY: the chunk lives as long as the consumer, and nobody writes to it any more.
        let tag = UnsafeRawBufferPointer(start: tagChunk.base, count: tagByteCount)
        return delivery.withConsumerTag { tag.hasSameBytes(as: $0) }
    }
}
