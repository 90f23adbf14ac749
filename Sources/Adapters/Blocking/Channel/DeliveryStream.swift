import AMQPConnection

/// What a loop over deliveries consumes: messages that have come, and the end.
final class DeliveryStream {
    /// What a second call has to say in the same way to go on with the same consumer.
    struct Source: Hashable {
        var queue: String
        var isAutoAck: Bool
        var isExclusive: Bool
        var arguments: FieldTable
    }

    let source: Source
    let tag: String
    var pending = EventQueue<Delivery>()
    /// Whether nothing comes any more.
    private(set) var isEnded = false
    /// Whether the broker has cancelled the consumer.
    var isCancelledByBroker = false
    /// Why it ended, if neither the program nor a cancel of the broker's ended it.
    private(set) var failure: AMQPError?

    init(_ source: Source, tag: String) {
        self.source = source
        self.tag = tag
    }

    /// Nothing comes any more. Messages that wait to be acknowledged have gone back to their queue if the channel failed.
    func end(_ error: AMQPError?) {
        guard !isEnded else { return }
        isEnded = true
        failure = error
        if error != nil, !source.isAutoAck { pending.removeAll() }
    }

    /// What a callback threw, or something else that ended the wait: the loop ends with it, the consumer lives on.
    func fail(_ error: AMQPError) {
        failure = error
    }

    /// The failure, which is told once.
    func takeFailure() -> AMQPError? {
        defer { failure = nil }
        return failure
    }
}
