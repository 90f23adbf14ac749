public import AMQPProtocol

/// The arguments of a queue that RabbitMQ 3.10 knows, each absent unless it is given.
///
/// Which of them go together is the broker's to say: it answers 406 to a combination that it does not take, and to a
/// queue that exists with other arguments. Values out of range are refused before anything is sent.
public struct QueueArguments: Sendable, Hashable {
    /// How the queue is kept (`x-queue-type`).
    public var type: QueueType?
    /// How long a message may wait in the queue, 0 … 4294967295 ms; part of a millisecond counts as a whole one
    /// (`x-message-ttl`).
    public var messageTTL: Duration?
    /// How long the queue lives without being used, 1 … 4294967295 ms (`x-expires`).
    public var expires: Duration?
    /// Where dropped and rejected messages go; empty is the default exchange (`x-dead-letter-exchange`).
    public var deadLetterExchange: String?
    /// The routing key of dead letters; their own if `nil`. Needs ``deadLetterExchange``
    /// (`x-dead-letter-routing-key`).
    public var deadLetterRoutingKey: String?
    /// How surely dead letters arrive (`x-dead-letter-strategy`).
    public var deadLetterStrategy: DeadLetterStrategy?
    /// The most ready messages, at least 0 (`x-max-length`).
    public var maxLength: Int?
    /// The most bytes of ready messages' bodies, at least 0 (`x-max-length-bytes`).
    public var maxLengthBytes: Int?
    /// What happens when the queue is full (`x-overflow`).
    public var overflow: QueueOverflow?
    /// The highest priority that the queue tells apart, 0 … 255; few are cheap (`x-max-priority`).
    public var maxPriority: UInt8?
    /// Whether only one of the consumers gets messages, until it goes (`x-single-active-consumer`).
    public var singleActiveConsumer: Bool?
    /// Where a classic queue keeps messages (`x-queue-mode`).
    public var mode: QueueMode?
    /// How often a quorum queue delivers a message again before it is dropped or dead-lettered, at least 0
    /// (`x-delivery-limit`).
    public var deliveryLimit: Int?
    /// On how many nodes a quorum queue begins, at least 1 (`x-quorum-initial-group-size`).
    public var quorumInitialGroupSize: Int?
    /// On which node the leader is placed (`x-queue-leader-locator`).
    public var leaderLocator: QueueLeaderLocator?
    /// On how many nodes a stream begins, at least 1 (`x-initial-cluster-size`).
    public var initialClusterSize: Int?
    /// How long a stream keeps messages (`x-max-age`).
    public var maxAge: StreamInterval?
    /// The size of a stream's segment files in bytes, at least 0 (`x-stream-max-segment-size-bytes`).
    public var maxSegmentSizeBytes: Int?
    /// Arguments by name: what has no property here.
    public var others: FieldTable

    /// Arguments with these values; what is `nil` is left to the broker.
    public init(
        type: QueueType? = nil, messageTTL: Duration? = nil, expires: Duration? = nil,
        deadLetterExchange: String? = nil, deadLetterRoutingKey: String? = nil,
        deadLetterStrategy: DeadLetterStrategy? = nil, maxLength: Int? = nil, maxLengthBytes: Int? = nil,
        overflow: QueueOverflow? = nil, maxPriority: UInt8? = nil, singleActiveConsumer: Bool? = nil,
        mode: QueueMode? = nil, deliveryLimit: Int? = nil, quorumInitialGroupSize: Int? = nil,
        leaderLocator: QueueLeaderLocator? = nil, initialClusterSize: Int? = nil, maxAge: StreamInterval? = nil,
        maxSegmentSizeBytes: Int? = nil, others: FieldTable = [:]
    ) {
        self.type = type
        self.messageTTL = messageTTL
        self.expires = expires
        self.deadLetterExchange = deadLetterExchange
        self.deadLetterRoutingKey = deadLetterRoutingKey
        self.deadLetterStrategy = deadLetterStrategy
        self.maxLength = maxLength
        self.maxLengthBytes = maxLengthBytes
        self.overflow = overflow
        self.maxPriority = maxPriority
        self.singleActiveConsumer = singleActiveConsumer
        self.mode = mode
        self.deliveryLimit = deliveryLimit
        self.quorumInitialGroupSize = quorumInitialGroupSize
        self.leaderLocator = leaderLocator
        self.initialClusterSize = initialClusterSize
        self.maxAge = maxAge
        self.maxSegmentSizeBytes = maxSegmentSizeBytes
        self.others = others
    }

    /// The field table for `queue.declare`.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/invalidArgument``, naming the argument: it is out of range,
    ///   or given both as a property and among ``others``, or a dead-letter routing key has no exchange.
    public func table() throws(AMQPError) -> FieldTable {
        var arguments = ArgumentTable()
        arguments.add(type?.rawValue, "x-queue-type")
        try arguments.add(messageTTL, "x-message-ttl", from: 0)
        try arguments.add(expires, "x-expires", from: 1)
        arguments.add(deadLetterExchange, "x-dead-letter-exchange")
        arguments.add(deadLetterRoutingKey, "x-dead-letter-routing-key")
        arguments.add(deadLetterStrategy?.rawValue, "x-dead-letter-strategy")
        try arguments.add(maxLength, "x-max-length", in: 0 ... .max)
        try arguments.add(maxLengthBytes, "x-max-length-bytes", in: 0 ... .max)
        arguments.add(overflow?.rawValue, "x-overflow")
        try arguments.add(maxPriority.map { Int($0) }, "x-max-priority", in: 0 ... 255)
        arguments.add(singleActiveConsumer, "x-single-active-consumer")
        arguments.add(mode?.rawValue, "x-queue-mode")
        try arguments.add(deliveryLimit, "x-delivery-limit", in: 0 ... .max)
        try arguments.add(quorumInitialGroupSize, "x-quorum-initial-group-size", in: 1 ... .max)
        arguments.add(leaderLocator?.rawValue, "x-queue-leader-locator")
        try arguments.add(initialClusterSize, "x-initial-cluster-size", in: 1 ... .max)
        try arguments.add(maxAge, "x-max-age")
        try arguments.add(maxSegmentSizeBytes, "x-stream-max-segment-size-bytes", in: 0 ... .max)
        let table = try arguments.merged(with: others)
        if deadLetterRoutingKey != nil, table["x-dead-letter-exchange"] == nil {
            let reason = "x-dead-letter-routing-key is given without x-dead-letter-exchange"
            throw AMQPError(.invalidArgument, blame: .application, reason)
        }
        return table
    }
}
