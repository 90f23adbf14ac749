#if NIO
public import AMQPConnection
public import NIOCore
import Synchronization

/// A channel whose calls return futures.
///
/// Any thread may call it: a call made elsewhere is carried to the event loop, in order. All futures belong to
/// ``eventLoop``, and each is completed exactly once: by the broker's answer, by the reason why there is none (an
/// `AMQPError`: the channel's or connection's end, an argument that cannot be sent, a deadline), or at once with
/// ``AMQPConnection/AMQPError/Code/channelWrongState`` when the channel is over already, or
/// ``AMQPConnection/AMQPError/Code/loopClosed`` when its loop is closed.
///
/// Requests go out one at a time, in the order of the calls; publishes and acknowledgements do not wait for them.
public final class FutureChannel: Sendable {
    /// The event loop of the channel and of its futures.
    public let eventLoop: any EventLoop
    /// The channel's number.
    public let number: UInt16
    /// Succeeds once, with the reason, when the channel is over; everything that waited on it has been completed by then.
    public let closed: EventLoopFuture<AMQPError>
    private let bound: LoopBound<ChannelFutures>
    private let isOver: Flag

    /// Takes a channel that is open; called on its loop.
    init(_ channel: AMQPConnection.Channel, on eventLoop: any EventLoop) {
        let futures = ChannelFutures(channel, on: eventLoop)
        let promise = eventLoop.makePromise(of: AMQPError.self)
        let isOver = Flag()
        self.eventLoop = eventLoop
        self.isOver = isOver
        number = channel.number
        closed = promise.futureResult
        bound = LoopBound(futures, on: channel.connection.ioLoop)
        channel.onClose { _, error in
            isOver.set()
            futures.closed(error)
            promise.succeed(error)
        }
    }

    /// Whether the channel is over. Another thread may see it a little later than the event loop does.
    public var isClosed: Bool { isOver.isSet }

    // MARK: The channel itself

    /// Calls `body` on the event loop with the channel that this one is made of: for listeners such as `onFlow`, the
    /// publishing gate, or properties.
    ///
    /// - Returns: what `body` returned; it is called at once on the event loop itself.
    public func withChannel<Value: Sendable>(
        _ body: @escaping @Sendable (AMQPConnection.Channel) throws -> Value
    ) -> EventLoopFuture<Value> {
        onLoop { futures in futures.eventLoop.makeCompletedFuture { try body(futures.channel) } }
    }

    /// Makes a future of any call of the channel's that takes a completion:
    ///
    /// ```swift
    /// channel.request { channel, completion in channel.queueDeclare("jobs", completion: completion) }
    /// ```
    ///
    /// - Parameter call: called on the event loop; it passes the completion on, which must be called exactly once.
    public func request<Value: Sendable>(
        _ call: @escaping @Sendable (AMQPConnection.Channel, @escaping (Result<Value, AMQPError>) -> Void) -> Void
    ) -> EventLoopFuture<Value> {
        onLoop { $0.future(call) }
    }

    /// Calls `listener` on the event loop for each message that the broker gives back because it cannot be routed.
    public func addOnReturnListener(_ listener: @escaping @Sendable (ReturnedMessage) -> Void) {
        _ = withChannel { channel in
            channel.onReturn { _, message in listener(message) }
            return ()
        }
    }

    /// Closes the channel: requests that were made before are answered first.
    ///
    /// - Parameters:
    ///   - replyCode: the reason's code.
    ///   - replyText: the reason's text, at most 255 bytes.
    /// - Returns: completed when the broker has confirmed; it fails with
    ///   ``AMQPConnection/AMQPError/Code/channelWrongState`` if the channel was closing or closed before.
    @discardableResult
    public func close(replyCode: UInt16 = 200, replyText: String = "Normal shutdown") -> EventLoopFuture<Void> {
        request { $0.close(replyCode: replyCode, replyText: replyText, completion: $1) }
    }

    /// Calls `body` with what belongs to the event loop: at once if this is it, else after what was asked for before.
    func onLoop<Value: Sendable>(
        _ body: @escaping @Sendable (ChannelFutures) -> EventLoopFuture<Value>
    ) -> EventLoopFuture<Value> {
        if eventLoop.inEventLoop { return FutureChannel.call(bound, eventLoop, body) }
        return eventLoop.flatSubmit { [bound, eventLoop] in FutureChannel.call(bound, eventLoop, body) }
    }

    private static func call<Value: Sendable>(
        _ bound: LoopBound<ChannelFutures>, _ eventLoop: any EventLoop,
        _ body: (ChannelFutures) -> EventLoopFuture<Value>
    ) -> EventLoopFuture<Value> {
        do { return try bound.withValue(body) } catch { return eventLoop.makeFailedFuture(error) }
    }
}

extension FutureChannel: CustomStringConvertible {
    /// The number and whether it is over.
    public var description: String { "future channel \(number)\(isClosed ? " (closed)" : "")" }
}
#endif
