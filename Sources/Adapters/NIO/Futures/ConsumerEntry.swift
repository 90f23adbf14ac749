#if NIO
import AMQPConnection
import NIOCore

/// A consumer of a ``FutureChannel``: the queue of its messages, and the pause while that holds too many of them. It
/// belongs to the event loop.
final class ConsumerEntry {
    /// Leads from the queue, which any thread may use, back to the entry.
    private final class Link {
        weak var entry: ConsumerEntry?
    }

    /// The queue that it consumes from, as it was named.
    let source: String
    let isAutoAck: Bool
    let queue: FutureQueue<Delivery>
    private var pause: ReadingPause?

    /// - Parameter limit: how many messages may be stored before the connection is asked to read no more.
    init(_ consume: BasicConsume, limit: Int?, on eventLoop: any EventLoop) {
        source = consume.queue
        isAutoAck = consume.noAck
        guard let limit else {
            queue = FutureQueue(on: eventLoop)
            return
        }
        let link = Link()
        let box = NIOLoopBound(link, eventLoop: eventLoop)
        queue = FutureQueue(on: eventLoop, mark: limit) {
            eventLoop.execute { box.value.entry?.goOn() }
        }
        link.entry = self
    }

    /// Stops the stream if as many messages as the limit are stored.
    func holdIfFull(_ connection: Connection) {
        if pause == nil, queue.isHeld { pause = connection.pauseReading() }
    }

    /// Half of the messages were taken; it may be full again by now.
    private func goOn() {
        if !queue.isHeld { endPause() }
    }

    /// Closes the queue, and lets the connection read.
    ///
    /// - Returns: the messages that nobody has taken.
    @discardableResult
    func close(_ reason: AMQPError) -> [Delivery] {
        endPause()
        return queue.close(reason)
    }

    private func endPause() {
        pause?.end()
        pause = nil
    }
}

@available(*, unavailable)
extension ConsumerEntry: Sendable {}
#endif
