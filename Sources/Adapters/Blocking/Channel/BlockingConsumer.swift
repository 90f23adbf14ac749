import AMQPConnection

/// A consumer with a handler.
final class BlockingConsumer {
    let tag: String
    let isAutoAck: Bool
    let errorPolicy: HandlerErrorPolicy
    let onMessage: (BlockingChannel, Delivery) throws -> Void
    /// Whether the broker has cancelled it; it lives on until what came before has been dispatched.
    var isCancelledByBroker = false

    init(
        tag: String, isAutoAck: Bool, errorPolicy: HandlerErrorPolicy,
        onMessage: @escaping (BlockingChannel, Delivery) throws -> Void
    ) {
        self.tag = tag
        self.isAutoAck = isAutoAck
        self.errorPolicy = errorPolicy
        self.onMessage = onMessage
    }

    /// Calls the handler; what it throws is thrown on, when the policy has been carried out.
    func handle(_ delivery: Delivery, on channel: BlockingChannel) throws(AMQPError) {
        do {
            try onMessage(channel, delivery)
        } catch {
            if case .nack(let requeue) = errorPolicy, !isAutoAck {
                channel.core.basicNack(delivery.tag, requeue: requeue)
            }
            channel.core.carryOut(errorPolicy, because: "a delivery handler failed")
            if let error = error as? AMQPError { throw error }
            let reason = "the handler of consumer \"\(tag)\" threw an error for delivery \(delivery.tag)"
            throw AMQPError(.handlerFailed, blame: .application, reason, underlying: error)
        }
    }
}
