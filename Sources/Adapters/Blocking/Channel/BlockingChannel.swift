public import AMQPConnection

/// A channel of a ``BlockingConnection``: its calls return when the broker has answered.
///
/// It belongs to the connection's thread. A call on a channel that is over throws ``AMQPError/Code/channelWrongState``. A
/// channel that the broker closes while nobody waits on it is reported by the next call that lets callbacks run.
public final class BlockingChannel {
    /// The connection that the channel belongs to.
    public let connection: BlockingConnection
    /// What other threads reach the channel by.
    public let mailbox: BlockingChannelMailbox

    let core: Channel
    /// Tells the channel from others that have its number before or after it.
    let serial: UInt64
    /// The consumers that have not been cancelled, or whose cancel has not been dispatched.
    var consumers: [String: BlockingConsumer] = [:]
    /// What ``consume(_:autoAck:exclusive:consumerTag:arguments:)`` consumes.
    var stream: DeliveryStream? {
        // The number of a channel that is over may be another one's.
        didSet { if ending == nil { connection.streams[channelNumber] = stream } }
    }
    /// Why the channel is over.
    private(set) var ending: AMQPError?
    let cancelListeners = Listeners<String>()

    /// Whether bodies of messages are decoded by their content encoding (``Message``). Default: yes.
    public var autoDecode = true
    /// The messages that came back and that no ``onReturn(_:)`` callback was there for: the last 1,000 of them.
    public var returnedMessages: [ReturnedMessage] = []

    private static let returnedMessageLimit = 1000
    private var returnListenerCount = 0

    init(_ core: Channel, of connection: BlockingConnection, serial: UInt64) {
        self.core = core
        self.connection = connection
        self.serial = serial
        mailbox = BlockingChannelMailbox(connection.mailbox, core.number, serial)
        core.onClose { [weak self] _, error in self?.ended(error) }
        core.onReturn { [weak self] _, message in self?.received(message) }
    }

    // MARK: State

    /// The channel's number, 1 … 65535; free for others once the channel is closed.
    public var channelNumber: UInt16 { core.number }

    /// Whether the channel has been opened and not been closed by either side.
    public var isOpen: Bool { core.isOpen }

    /// Whether the channel is over.
    public var isClosed: Bool { core.isClosed }

    /// The tags of the consumers with handlers: those that have not been cancelled, or whose cancel by the broker has not
    /// been dispatched.
    public var consumerTags: [String] { consumers.keys.sorted() }

    /// Whether the broker takes messages on this channel at the moment. RabbitMQ never says no.
    public var isFlowActive: Bool { core.isFlowActive }

    /// How long a call may take to be answered; `nil` waits for ever. It begins with the parameters'
    /// ``ConnectionParameters/requestTimeout``.
    public var requestTimeout: Duration? {
        get { core.requestTimeout }
        set { core.requestTimeout = newValue }
    }

    // MARK: Closing

    /// Closes the channel. Unacknowledged messages go back to their queues; what has not been dispatched is dropped.
    ///
    /// - Parameters:
    ///   - replyCode: the reason's code. Default: 200.
    ///   - replyText: the reason's text, at most 255 bytes. Default: `Normal shutdown`.
    /// - Throws: ``AMQPError``: ``AMQPError/Code/channelWrongState`` if it was closed before, or what ended the channel in
    ///   place of the broker's confirmation.
    @available(*, noasync)
    public func close(replyCode: UInt16 = 200, replyText: String = "Normal shutdown") throws(AMQPError) {
        try call { (completion: @escaping (Result<Void, AMQPError>) -> Void) in
            core.close(replyCode: replyCode, replyText: replyText, completion: completion)
        }
    }

    /// The channel is over: consumers end, and what goes back to its queue is forgotten.
    private func ended(_ error: AMQPError) {
        ending = error
        mailbox.close()
        connection.channels[core.number] = nil
        connection.streams[core.number] = nil
        consumers = [:]
        stream?.channelEnded(error.isOrderlyEnd ? nil : error)
        connection.events.removeAll { event in
            guard event.channel === self else { return false }
            if case .delivery(let consumer, _) = event.kind {
                return !consumer.isAutoAck || error.code == .channelClosedByClient
            }
            return true
        }
        if error.code == .channelClosedByBroker { connection.closedChannels.append(self) }
    }

    // MARK: Calls

    /// Makes a request and waits for its answer.
    func call<Reply>(
        _ request: (@escaping (Result<Reply, AMQPError>) -> Void) -> Void
    ) throws(AMQPError) -> Reply {
        try requireOpen()
        do throws(AMQPError) {
            return try connection.call(request)
        } catch {
            // Whoever waits hears of the channel's end, and nobody else.
            connection.closedChannels.removeAll { $0 === self }
            throw error
        }
    }

    /// Does what the broker does not answer, and waits until it has left.
    func tell(_ act: () throws(AMQPError) -> Void) throws(AMQPError) {
        try requireOpen()
        try connection.enter()
        try act()
        try connection.flush(within: requestTimeout)
        try throwEnding()
    }

    /// Throws what has ended the channel since the last call.
    func throwEnding() throws(AMQPError) {
        if let error = connection.takeEnding() { throw error }
        guard let ending, connection.closedChannels.contains(where: { $0 === self }) else { return }
        connection.closedChannels.removeAll { $0 === self }
        throw ending
    }

    func requireOpen() throws(AMQPError) {
        guard !core.isOpen else { return }
        throw AMQPError(
            .channelWrongState, blame: .application, "the channel is closed", replyCode: ending?.replyCode,
            replyText: ending?.replyText, method: ending?.method, underlying: ending)
    }

    // MARK: Callbacks

    /// Has `callback` run for each message that the broker gives back because it cannot be routed.
    @discardableResult
    public func onReturn(_ callback: @escaping (BlockingChannel, ReturnedMessage) throws -> Void) -> ListenerToken {
        returnListenerCount += 1
        let token = core.onReturn { [weak self] _, message in
            self?.add("onReturn", .basicReturn) { channel in try callback(channel, message) }
        }
        return ListenerToken { [weak self] in
            token.remove()
            self?.returnListenerCount -= 1
        }
    }

    /// Has `callback` run with the tag of each consumer that the broker cancels, after the messages that came before.
    @discardableResult
    public func onCancel(_ callback: @escaping (BlockingChannel, String) throws -> Void) -> ListenerToken {
        cancelListeners.add { [unowned self] tag in
            try connection.named("onCancel") { try callback(self, tag) }
        }
    }

    /// Has `callback` run when the broker asks to stop (`false`) or to go on (`true`) sending messages.
    @discardableResult
    public func onFlow(_ callback: @escaping (BlockingChannel, Bool) throws -> Void) -> ListenerToken {
        core.onFlow { [weak self] _, isActive in
            self?.add("onFlow", .channelFlow) { channel in try callback(channel, isActive) }
        }
    }

    /// Has `callback` run when the program next lets callbacks run; the same as the ``mailbox``'s, which is the object to
    /// hand to other threads.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/channelWrongState`` if the channel is over, or
    ///   ``AMQPError/Code/connectionWrongState`` if the connection is.
    public func addCallbackThreadsafe(
        _ callback: @escaping @Sendable (BlockingChannel) throws -> Void
    ) throws(AMQPError) {
        try mailbox.addCallbackThreadsafe(callback)
    }

    private func add(
        _ name: String, _ method: MethodID, _ callback: @escaping (BlockingChannel) throws -> Void
    ) {
        let run = { [unowned self] in try callback(self) }
        connection.events.append(BlockingEvent(kind: .callback(name, run), channel: self, method: method))
    }

    private func received(_ message: ReturnedMessage) {
        guard returnListenerCount == 0 else { return }
        if returnedMessages.count >= BlockingChannel.returnedMessageLimit { returnedMessages.removeFirst() }
        returnedMessages.append(message)
    }

    /// The turn of a consumer's end has come: the consumer is gone, and the callbacks hear of it.
    func dispatchCancel(_ consumer: BlockingConsumer) throws(AMQPError) {
        if consumers[consumer.tag] === consumer { consumers[consumer.tag] = nil }
        var listenerError: AMQPError?
        cancelListeners.emit(consumer.tag) { if listenerError == nil { listenerError = $0 as? AMQPError } }
        if let listenerError { throw listenerError }
    }
}

@available(*, unavailable)
extension BlockingChannel: Sendable {}

extension BlockingChannel: CustomStringConvertible {
    /// The number and the state.
    public var description: String { "blocking \(core)" }
}
