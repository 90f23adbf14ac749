public import AMQPConnection
public import AMQPProtocol

/// A channel for `async` functions; it drives a ``Channel``, which does all the work.
///
/// It may be used from any task, as ``AsyncConnection`` says. Calls leave in the order in which one task makes them.
///
/// A channel made by ``AsyncConnection/channel(number:)`` is closed when nobody holds it, or its deliveries, any more, so
/// that a task that is cancelled leaves none behind; hold it as long as the ``Channel`` that ``run(_:)`` gives is used.
public final class AsyncChannel: Sendable {
    /// The channel's number.
    public let number: UInt16
    /// The connection that the channel belongs to.
    public let connection: AsyncConnection

    let seat: LoopBound<ChannelSeat>
    private let isOwned: Bool

    /// Wraps a channel of the program's; call it on the loop's thread. Dropping it does not close the channel.
    public convenience init(_ channel: Channel, on connection: AsyncConnection) {
        self.init(channel, on: connection, isOwned: false)
    }

    init(_ channel: Channel, on connection: AsyncConnection, isOwned: Bool) {
        self.number = channel.number
        self.connection = connection
        self.seat = LoopBound(ChannelSeat(channel), on: channel.connection.ioLoop)
        self.isOwned = isOwned
    }

    deinit {
        guard isOwned else { return }
        // A loop that has gone has no channels.
        try? seat.execute { seat in
            if seat.channel.isOpen { seat.channel.close { _ in } }
        }
    }

    /// Makes a request of the channel's and waits for its reply; a cancelled task withdraws it.
    func call<Reply: Sendable>(
        _ start: @escaping @Sendable (Channel, @escaping (Result<Reply, AMQPError>) -> Void) -> Void
    ) async throws(AMQPError) -> Reply {
        try await call { (seat: ChannelSeat, completion) in start(seat.channel, completion) }
    }

    /// Makes a request of the channel's and waits for its reply; a cancelled task withdraws it.
    func call<Reply: Sendable>(
        _ start: @escaping @Sendable (ChannelSeat, @escaping (Result<Reply, AMQPError>) -> Void) -> Void
    ) async throws(AMQPError) -> Reply {
        try await seat.reply { seat, pending in
            let channel = seat.channel
            let before = channel.lastRequest
            start(seat) { pending.finish($0) }
            let request = channel.lastRequest
            // A call that was refused has made no request, and fails in the next turn.
            if request != before { pending.withdraw = { channel.withdraw(request) } }
        }
    }

    /// Runs something that is not answered; on a loop that has gone, the channel has gone with it.
    func tell(_ body: @escaping @Sendable (Channel) -> Void) {
        try? seat.perform { seat in body(seat.channel) }
    }

    /// Runs `body` with the underlying channel on the loop's thread, for all that has no `async` form: listeners, limits.
    ///
    /// - Throws: ``AMQPError``: what `body` throws; ``AMQPError/Code/loopClosed``; ``AMQPError/Code/cancelled`` if the task
    ///   was cancelled before `body` could run.
    public func run<Value: Sendable>(
        _ body: @escaping @Sendable (Channel) throws(AMQPError) -> Value
    ) async throws(AMQPError) -> Value {
        try await seat.reply { seat, pending in
            pending.finish(Result { () throws(AMQPError) in try body(seat.channel) })
        }
    }

    /// Closes the channel and waits until that is done; a channel that is over already is left as it is. The task's
    /// cancellation does not end the wait, since the channel's request timeout does.
    ///
    /// - Parameters:
    ///   - replyCode: the reason's code. Default: 200.
    ///   - replyText: the reason's text, at most 255 bytes.
    /// - Throws: ``AMQPError`` if the channel, being open, ended in another way than by a close of the program's.
    public func close(
        replyCode: UInt16 = 200, replyText: String = "Normal shutdown"
    ) async throws(AMQPError) {
        try await seat.reply(isCancellable: false) { (seat, pending: PendingReply<Void>) in
            let channel = seat.channel
            guard channel.closeReason == nil else { return pending.finish(.success(())) }
            if channel.isClosing {
                channel.onClose { _, _ in pending.finish(.success(())) }
                return
            }
            channel.close(replyCode: replyCode, replyText: replyText) { pending.finish($0) }
        }
    }

    /// Closes as ``close(replyCode:replyText:)`` does with all its defaults.
    func close() async throws(AMQPError) {
        try await close(replyCode: 200)
    }

    /// Waits for the channel's end.
    ///
    /// - Returns: why it is over: ``AMQPError/Code/channelClosedByClient`` after an orderly close.
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/cancelled`` or ``AMQPError/Code/loopClosed``.
    public func closed() async throws(AMQPError) -> AMQPError {
        try await seat.reply { seat, pending in
            if let reason = seat.channel.closeReason { return pending.finish(.success(reason)) }
            let token = seat.channel.onClose { pending.finish(.success($1)) }
            pending.withdraw = {
                token.remove()
                pending.finish(.failure(.cancelled))
            }
        }
    }

    /// Asks the broker to stop or to go on sending deliveries (`channel.flow`); see ``Channel/flow(active:completion:)``.
    @discardableResult
    public func flow(active: Bool) async throws(AMQPError) -> ChannelFlowOK {
        try await call { $0.flow(active: active, completion: $1) }
    }

    /// Asks for access to a realm (`access.request`); see
    /// ``Channel/accessRequest(_:exclusive:passive:active:write:read:completion:)``.
    @discardableResult
    public func accessRequest(
        _ realm: String, exclusive: Bool = false, passive: Bool = false, active: Bool = false, write: Bool = false,
        read: Bool = false
    ) async throws(AMQPError) -> AccessRequestOK {
        try await call {
            $0.accessRequest(
                realm, exclusive: exclusive, passive: passive, active: active, write: write, read: read, completion: $1)
        }
    }
}

extension AsyncChannel: CustomStringConvertible {
    /// The channel's number; ``Channel/description`` tells the state too.
    public var description: String { "channel \(number) for async functions" }
}
