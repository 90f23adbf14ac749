import AMQPProtocol

/// A consumer of a channel: where its deliveries go.
final class Consumer {
    let tag: String
    let isAutoAck: Bool
    let errorPolicy: HandlerErrorPolicy
    let onMessage: (Channel, Delivery) throws -> Void
    let onCancel: ((Channel, AMQPError) -> Void)?
    /// Whether the broker has been asked for the consumer.
    var isRequested = false
    /// Whether the broker has confirmed the consumer.
    var isStarted = false
    /// Set when the user has cancelled: what still comes goes back to the queue.
    var isCancelling = false
    private let tagBytes: ByteSlice

    init(
        tag: String, isAutoAck: Bool, errorPolicy: HandlerErrorPolicy,
        onMessage: @escaping (Channel, Delivery) throws -> Void, onCancel: ((Channel, AMQPError) -> Void)?
    ) {
        self.tag = tag
        self.isAutoAck = isAutoAck
        self.errorPolicy = errorPolicy
        self.onMessage = onMessage
        self.onCancel = onCancel
        self.tagBytes = ByteSlice(utf8: tag)
    }

    /// Whether a delivery is for this consumer.
    func matches(_ delivery: Delivery) -> Bool {
        delivery.withConsumerTag { given in tagBytes.withUnsafeBytes { $0.hasSameBytes(as: given) } }
    }
}
