public import AMQPConnection
import AMQPPosix

/// The messages of a queue, as a sequence that waits for the next one; ``BlockingChannel/consume(_:autoAck:exclusive:consumerTag:arguments:)``
/// makes it.
///
/// It ends when the consumer is cancelled, by ``BlockingChannel/cancel()`` or by the broker, or when something fails:
/// then ``failure`` says what, and ``BlockingChannel/cancel()`` throws it; a next loop throws it if nobody has looked. Leaving the loop early cancels nothing: another
/// loop goes on with the next message.
///
/// Callbacks of the program's run while it waits, unless it is itself used inside one.
public struct DeliverySequence: Sequence, IteratorProtocol {
    let channel: BlockingChannel
    let stream: DeliveryStream

    /// Why the sequence ended, if neither the program nor the broker has cancelled the consumer.
    public var failure: AMQPError? { stream.seeFailure() }

    /// Waits for the next message.
    ///
    /// - Returns: the message; `nil` at the end.
    public mutating func next() -> Delivery? {
        waitForNext(until: nil)
    }

    /// Waits for the next message until the deadline.
    func waitForNext(until deadline: LoopInstant?) -> Delivery? {
        if let delivery = stream.pending.popFirst() { return delivery }
        let connection = channel.connection
        repeat {
            guard !stream.isEnded, stream.failure == nil else { return nil }
            do throws(AMQPError) {
                try connection.enter()
                // Inside a callback no others run, so that their events stay.
                try connection.process(until: deadline, counting: connection.isDispatching ? .nothing : .events) {
                    !stream.pending.isEmpty || stream.isEnded
                }
            } catch {
                connection.closedChannels.removeAll { $0 === channel }
                if stream.failure == nil { stream.fail(error) }
            }
            if let delivery = stream.pending.popFirst() { return delivery }
        } while deadline.map { connection.loop.now < $0 } ?? true
        return nil
    }
}

@available(*, unavailable)
extension DeliverySequence: Sendable {}

/// The messages of a queue, with `nil` each time that none has come for a while;
/// ``BlockingChannel/consume(_:autoAck:exclusive:consumerTag:arguments:inactivityTimeout:)`` makes it. See ``DeliverySequence``.
public struct TimedDeliverySequence: Sequence, IteratorProtocol {
    let deliveries: DeliverySequence
    let inactivityTimeout: Duration

    /// Why the sequence ended, if neither the program nor the broker has cancelled the consumer.
    public var failure: AMQPError? { deliveries.failure }

    /// Waits for the next message for as long as the inactivity timeout.
    ///
    /// - Returns: the message; a `nil` inside if none came in time, and `nil` at the end.
    public mutating func next() -> Delivery?? {
        let loop = deliveries.channel.connection.loop
        if let delivery = deliveries.waitForNext(until: loop.now.advanced(by: inactivityTimeout)) { return delivery }
        return deliveries.stream.isEnded || deliveries.stream.failure != nil ? nil : .some(nil)
    }
}

@available(*, unavailable)
extension TimedDeliverySequence: Sendable {}
