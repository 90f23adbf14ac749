import AMQPConnection

/// Something that came while a blocking call was waiting, or that is due: it is kept until the program lets callbacks run.
struct BlockingEvent {
    enum Kind {
        /// A message for a consumer with a handler.
        case delivery(BlockingConsumer, Delivery)
        /// The broker cancelled a consumer.
        case cancelled(BlockingConsumer)
        /// What another thread posted.
        case posted(@Sendable (BlockingConnection) throws -> Void)
        /// Any other callback, with its name.
        case callback(String, () throws -> Void)
    }

    let kind: Kind
    /// The channel that it belongs to; `nil` for the connection's own.
    var channel: BlockingChannel?
    /// The method that it came with, if it came from the broker.
    var method: MethodID?

    /// Whether it is no channel's and not the broker's: a timer, or what another thread posted.
    var isOfLoop: Bool { channel == nil && method == nil }

    /// Whether it is a message.
    var isDelivery: Bool {
        if case .delivery = kind { true } else { false }
    }

    /// What is called for it.
    var callbackName: String {
        switch kind {
        case .delivery(let consumer, _):
            "the handler of consumer \"\(consumer.tag)\" on channel \(channel?.channelNumber ?? 0)"
        case .cancelled: "the onCancel callback"
        case .posted: "the addCallbackThreadsafe callback"
        case .callback(let name, _): "the \(name) callback"
        }
    }

    /// The message, if it is one for this consumer.
    func delivery(for consumer: BlockingConsumer) -> Delivery? {
        guard case .delivery(let other, let delivery) = kind, other === consumer else { return nil }
        return delivery
    }

    /// Whether it concerns this consumer: a message for it or its end.
    func concerns(_ consumer: BlockingConsumer) -> Bool {
        switch kind {
        case .delivery(let other, _), .cancelled(let other): other === consumer
        case .posted, .callback: false
        }
    }
}
