public import AMQPConnection
import AMQPPoll
import AMQPPosix

/// A connection for programs that wait: each call returns when the broker has answered.
///
/// It drives a ``Connection`` on a poll(2) loop of its own. There is no thread behind it: data is received and sent, and
/// heartbeats are kept up, only while one of its calls, or one of its channels', is waiting. A program that does
/// something else for long calls ``processDataEvents(timeLimit:)`` or ``sleep(_:)`` now and then.
///
/// The program's callbacks run inside a few calls only: ``processDataEvents(timeLimit:)``, ``sleep(_:)``,
/// ``BlockingChannel/startConsuming()``, the loop over
/// ``BlockingChannel/consume(_:autoAck:exclusive:consumerTag:arguments:)``, ``BlockingChannel/wait(for:timeout:)`` and
/// ``drainEvents(timeout:)``. They are never nested. What comes while another call waits is kept, in order. Inside a
/// callback every call is legal but those that would run callbacks without end.
///
/// Every call ends: requests by ``ConnectionParameters/requestTimeout``, each attempt to open by
/// ``ConnectionParameters/stackTimeout``, closing by its deadline. Only the calls above wait for ever, if they are told to.
///
/// One thread uses it at a time. Another one has the ``mailbox``. It lives until it is closed.
///
/// ```swift
/// let connection = try BlockingConnection()
/// let channel = try connection.channel()
/// try channel.basicPublish("Hello", routingKey: "test")
/// try connection.close()
/// ```
public final class BlockingConnection {
    /// What other threads reach the connection by.
    public let mailbox: BlockingMailbox

    let core: Connection
    let loop: PollLoop
    var events = EventQueue<BlockingEvent>()
    /// The channels that are not over, by number.
    var channels: [UInt16: BlockingChannel] = [:]
    /// The channels that the broker has closed while nobody waited on them: the program has to hear of it.
    var closedChannels: [BlockingChannel] = []
    /// The timers that have not run.
    var timers: [ObjectIdentifier: BlockingTimer] = [:]
    /// Why the connection is over.
    private(set) var ending: AMQPError?
    /// Whether the program has been told of ``ending``.
    private var isEndTold = false
    /// Whether one of the program's callbacks is running.
    var isDispatching: Bool { dispatched != nil }
    /// What the callback that is running was called for.
    var dispatched: BlockingEvent?
    /// When the loop was served last, while callbacks run.
    var servedAt = LoopInstant(nanoseconds: 0)
    /// When the loop ran last.
    var lastStep = LoopInstant(nanoseconds: 0)
    /// Set while more waits than ``backlogLimit``.
    var pause: ReadingPause?
    /// What keeps the stream from being read, if there is too much of it.
    var countedBacklog = Backlog.everything
    /// What the loops over deliveries consume on channels that are not over, by the channel's number.
    var streams: [UInt16: DeliveryStream] = [:]
    /// The number of channels that were opened, which tells those with the same number apart.
    private var channelCount: UInt64 = 0

    /// How many events, and messages of sequences, may wait before the stream is read only for answers.
    static let backlogLimit = 1000

    /// Connects, and returns when the connection is open.
    ///
    /// - Parameter parameters: where and how to connect. Default: the broker on this machine, as guest.
    /// - Throws: ``AMQPError``: why the connection could not be opened, or what ended it as soon as it was.
    @available(*, noasync)
    public convenience init(_ parameters: ConnectionParameters = ConnectionParameters()) throws(AMQPError) {
        try self.init([parameters])
    }

    /// Connects to the first of several brokers that can be connected to, in the order that they are given in.
    ///
    /// - Parameter parameters: at least one broker.
    /// - Throws: ``AMQPError``: why the last of them could not be connected to, or what ended the connection as soon as it
    ///   was open; ``AMQPError/Code/invalidArgument`` if there is none.
    @available(*, noasync)
    public init(_ parameters: [ConnectionParameters]) throws(AMQPError) {
        let loop = PollLoop()
        core = try BlockingConnection.open(parameters, on: loop)
        self.loop = loop
        mailbox = BlockingMailbox(loop.mailbox)
        core.onClose { [weak self] _, error in self?.ended(error) }
    }

    deinit {
        // Whoever has the last reference is the only user left.
        loop.adopt()
        mailbox.close()
        for timer in timers.values { timer.cancel() }
        loop.close()
    }

    private static func open(_ candidates: [ConnectionParameters], on loop: PollLoop) throws(AMQPError) -> Connection {
        var outcome: Result<Void, AMQPError>?
        let connection = Connection(
            candidates, on: loop, onOpen: { _ in outcome = .success(()) }, onOpenError: { outcome = .failure($1) })
        while outcome == nil {
            withExtendedLifetime(connection) { loop.step(timeLimit: .seconds(60)) }
        }
        do throws(AMQPError) {
            try outcome?.get()
            // The turn that opened it may have ended it, too: nobody listened then.
            if let reason = connection.closeReason { throw reason }
        } catch {
            loop.close()
            throw error
        }
        return connection
    }

    private func ended(_ error: AMQPError) {
        ending = error
        mailbox.close()
        for timer in timers.values { timer.cancel() }
        // What the channels have left are messages that count as acknowledged: nobody else gets them.
        events.removeAll { !$0.isDelivery }
    }

    // MARK: State

    /// Whether channels can be opened.
    public var isOpen: Bool { core.isOpen }

    /// Whether the connection is over.
    public var isClosed: Bool { core.isClosed }

    /// The parameters that the connection was opened with.
    public var parameters: ConnectionParameters { core.parameters }

    /// What client and broker agreed on.
    public var tuned: TunedParameters? { core.tuned }

    /// What the broker says about itself.
    public var serverProperties: FieldTable { core.serverProperties }

    /// Why the broker does not take publishes at the moment, as far as has been received; `nil` if it does.
    public var blockedReason: String? { core.blockedReason }

    // MARK: Channels

    /// Opens a channel.
    ///
    /// - Parameter number: the channel's number; the lowest free one if `nil`.
    /// - Throws: ``AMQPError``: ``AMQPError/Code/connectionWrongState``, ``AMQPError/Code/noFreeChannels``,
    ///   ``AMQPError/Code/channelNumberInUse``, or what ended the channel or the connection.
    @available(*, noasync)
    public func channel(number: UInt16? = nil) throws(AMQPError) -> BlockingChannel {
        let core = try call { completion in self.core.openChannel(number: number, completion: completion) }
        // The turn that opened it may have ended it, too: nobody listened then.
        if let reason = core.closeReason {
            if ending != nil { _ = takeEnding() }
            throw reason
        }
        channelCount += 1
        let channel = BlockingChannel(core, of: self, serial: channelCount)
        channels[core.number] = channel
        return channel
    }

    // MARK: Closing

    /// Closes the connection: what was published leaves first, then the channels are closed, then the connection.
    ///
    /// - Parameters:
    ///   - replyCode: the reason's code. Default: 200.
    ///   - replyText: the reason's text, at most 255 bytes. Default: `Normal shutdown`.
    ///   - deadline: after this time the stream is cut; `nil` waits for the broker for ever. Default: 10 s.
    /// - Throws: ``AMQPError``: ``AMQPError/Code/connectionWrongState`` if it was closed before, or what ended the
    ///   connection in place of the broker's confirmation.
    @available(*, noasync)
    public func close(
        replyCode: UInt16 = 200, replyText: String = "Normal shutdown", deadline: Duration? = .seconds(10)
    ) throws(AMQPError) {
        try call { (completion: @escaping (Result<Void, AMQPError>) -> Void) in
            core.close(replyCode: replyCode, replyText: replyText, deadline: deadline, completion: completion)
        }
    }

    /// What ended the connection, if the program has to hear of it and has not.
    func takeEnding() -> AMQPError? {
        guard let ending, !isEndTold else { return nil }
        isEndTold = true
        return ending.code == .connectionClosedByClient ? nil : ending
    }
}

@available(*, unavailable)
extension BlockingConnection: Sendable {}

extension BlockingConnection: CustomStringConvertible {
    /// Where it leads and its state.
    public var description: String { "blocking \(core)" }
}
