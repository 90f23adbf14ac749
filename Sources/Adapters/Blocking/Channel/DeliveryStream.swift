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
    private(set) var failure: AMQPError? {
        didSet { isFailureSeen = false }
    }
    private var isFailureSeen = false

    init(_ source: Source, tag: String) {
        self.source = source
        self.tag = tag
    }

    /// Nothing comes any more: the consumer is over.
    func end() {
        isEnded = true
    }

    /// The channel is over. Messages that wait to be acknowledged have gone back to their queue, whoever closed it.
    ///
    /// - Parameter error: what the program did not bring about itself.
    func channelEnded(_ error: AMQPError?) {
        if !source.isAutoAck { pending.removeAll() }
        guard !isEnded else { return }
        isEnded = true
        failure = error
    }

    /// What a callback threw, or something else that ended the wait: the loop ends with it, the consumer lives on.
    func fail(_ error: AMQPError) {
        failure = error
    }

    /// The failure, as the program looks at it.
    func seeFailure() -> AMQPError? {
        isFailureSeen = true
        return failure
    }

    /// The failure, which is told once, unless the program has seen it.
    func takeUnseenFailure() -> AMQPError? {
        let isSeen = isFailureSeen
        let failure = takeFailure()
        return isSeen ? nil : failure
    }

    /// The failure, which is told once.
    func takeFailure() -> AMQPError? {
        defer { failure = nil }
        return failure
    }
}
