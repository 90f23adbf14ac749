public import AMQPProtocol

/// The arguments of a consumer that RabbitMQ 3.10 knows, each absent unless it is given.
public struct ConsumerArguments: Sendable, Hashable {
    /// Consumers of a higher priority get messages first, as long as they take them; 0 if `nil` (`x-priority`).
    public var priority: Int32?
    /// Where in a stream to begin (`x-stream-offset`). Consuming from a stream needs a prefetch count, and no auto-ack.
    public var streamOffset: StreamOffset?
    /// Arguments by name: what has no property here.
    public var others: FieldTable

    /// Arguments with these values; what is `nil` is left to the broker.
    public init(priority: Int32? = nil, streamOffset: StreamOffset? = nil, others: FieldTable = [:]) {
        self.priority = priority
        self.streamOffset = streamOffset
        self.others = others
    }

    /// The field table for `basic.consume`.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/invalidArgument``, naming the argument: it is out of range,
    ///   or given both as a property and among ``others``.
    public func table() throws(AMQPError) -> FieldTable {
        var arguments = ArgumentTable()
        if let priority { arguments.add(.int32(priority), "x-priority") }
        let offset = "x-stream-offset"
        switch streamOffset {
        case .first: arguments.add("first", offset)
        case .last: arguments.add("last", offset)
        case .next: arguments.add("next", offset)
        case .offset(let number):
            guard let number = Int64(exactly: number) else {
                throw ArgumentTable.outOfRange(offset, "\(number)", "0...\(Int64.max)")
            }
            arguments.add(.int64(number), offset)
        case .timestamp(let seconds): arguments.add(.timestamp(seconds), offset)
        case .interval(let interval): try arguments.add(interval, offset)
        case nil: break
        }
        return try arguments.merged(with: others)
    }
}
