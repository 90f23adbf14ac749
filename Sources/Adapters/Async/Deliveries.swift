public import AMQPConnection

/// The deliveries of a consumer, in the order of their arrival; ``AsyncChannel/basicConsume(_:prefetch:consumerTag:autoAck:exclusive:arguments:highWaterMark:lowWaterMark:)``
/// makes them.
///
/// ```swift
/// for try await delivery in deliveries {
///     print(delivery.text)
///     channel.basicAck(delivery.tag)
/// }
/// ```
///
/// They come over from the loop in batches: most of them cost neither a lock nor a suspension. Several tasks may read; each
/// delivery goes to one of them.
///
/// The sequence ends when the consumer was cancelled by the program, or the channel or connection closed by it. It throws
/// ``AMQPError/Code/consumerCancelled`` if the broker cancelled the consumer, what ended the channel, or
/// ``AMQPError/Code/cancelled`` if the reading task was cancelled. What came before a cancel is still delivered; with the
/// end of a channel, unacknowledged messages go back to their queue, and are not.
public final class Deliveries: AsyncSequence, Sendable {
    public typealias Element = Delivery
    public typealias Failure = AMQPError

    /// The consumer's name on its channel.
    public let consumerTag: String
    /// The channel that they come from.
    public let channel: AsyncChannel

    private let feed: LoopBound<DeliveryFeed>
    let buffer: DeliveryBuffer

    init(of channel: AsyncChannel, _ feed: DeliveryFeed, _ buffer: DeliveryBuffer) {
        self.consumerTag = feed.consumerTag
        self.channel = channel
        self.feed = LoopBound(feed, on: feed.channel.connection.ioLoop)
        self.buffer = buffer
    }

    deinit {
        // A loop that has gone has no consumers.
        try? channel.seat.execute { [feed] seat in
            try? feed.withValue { feed in
                if seat.feeds[feed.consumerTag] === feed { seat.feeds[feed.consumerTag] = nil }
                feed.abandoned()
            }
        }
    }

    /// Ends the consumer (`basic.cancel`). What has come before can still be read; then the sequence ends.
    ///
    /// A consumer that is over already is left as it is.
    ///
    /// - Throws: ``AMQPError``: what ended the channel meanwhile, or ``AMQPError/Code/cancelled``; the consumer ends all the
    ///   same then, unless the task had been cancelled before. ``AMQPError/Code/outputBufferFull`` if the cancel cannot be
    ///   sent now: then the consumer goes on.
    public func cancel() async throws(AMQPError) {
        do throws(AMQPError) {
            try await channel.basicCancel(consumerTag)
        } catch  where error.code == .unknownConsumerTag || error.code == .channelWrongState {
            return
        }
    }

    public func makeAsyncIterator() -> Iterator {
        Iterator(reader: Reader(self))
    }

    /// Reads the deliveries.
    public struct Iterator: AsyncIteratorProtocol {
        let reader: Reader

        public mutating func next() async throws(AMQPError) -> Delivery? {
            try await reader.next()
        }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(AMQPError) -> Delivery? {
            // What is at hand needs no suspension, and no call of an async function.
            if let delivery = reader.take() { return delivery }
            return try await reader.refill(isolation: actor)
        }
    }

    /// One reader's batch and its place in it.
    final class Reader {
        private let source: Deliveries
        private var batch = DeliveryBatch()
        private var index = 0

        init(_ source: Deliveries) {
            self.source = source
        }

        deinit {
            let rest = batch.rest(from: index)
            let isReleased = source.buffer.giveBack(rest, readByteCount: batch.byteCount - rest.byteCount)
            if isReleased { source.releaseStream() }
        }

        func next() async throws(AMQPError) -> Delivery? {
            if let delivery = take() { return delivery }
            return try await refill(isolation: nil)
        }

        func take() -> Delivery? {
            guard index < batch.deliveries.count, !source.buffer.isDropped else { return nil }
            defer { index += 1 }
            return batch.deliveries[index]
        }

        func refill(isolation: isolated (any Actor)?) async throws(AMQPError) -> Delivery? {
            if Task.isCancelled { throw .cancelled }
            while true {
                let (taken, isReleased) = source.buffer.take(readByteCount: batch.byteCount)
                batch = DeliveryBatch()
                index = 0
                if isReleased { source.releaseStream() }
                switch taken {
                case .batch(let next): batch = next
                case .end(let end):
                    try end.get()
                    return nil
                case .nothing:
                    guard let next = try await source.buffer.wait().get() else { return nil }
                    batch = next
                }
                if let delivery = take() { return delivery }
                // The batch was dropped on its way here: the end has come.
            }
        }
    }

    /// The reader has caught up: the stream is read again.
    private func releaseStream() {
        // A loop that has gone reads no stream.
        try? feed.perform { $0.resume() }
    }
}

@available(*, unavailable)
extension Deliveries.Iterator: Sendable {}
