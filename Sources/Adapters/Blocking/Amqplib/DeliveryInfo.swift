import AMQPConnection

/// Where a message was delivered, and by which way it came.
public struct DeliveryInfo: Sendable, Hashable {
    /// The number of the channel that it came on, which acknowledges it.
    public let channelID: UInt16
    /// The tag that acknowledges it.
    public let deliveryTag: UInt64
    /// The consumer that it was delivered to; `nil` if it was fetched.
    public let consumerTag: String?
    /// Whether it may have been delivered before.
    public let redelivered: Bool
    /// The exchange that it was published to.
    public let exchange: String
    /// The routing key that it was published with.
    public let routingKey: String
    /// The number of messages left in the queue, if it was fetched.
    public let messageCount: UInt32?

    init(_ delivery: Delivery, _ channel: UInt16) {
        channelID = channel
        deliveryTag = delivery.tag
        consumerTag = delivery.consumerTag
        redelivered = delivery.isRedelivered
        exchange = delivery.exchange
        routingKey = delivery.routingKey
        messageCount = delivery.messageCount
    }
}
