public import AMQPProtocol
import Logging

/// A connection to an AMQP 0-9-1 broker, on any event loop.
///
/// It connects as soon as it is made. It belongs to its loop's thread, and so do its channels: everything is called
/// there, and every callback runs there, never inside a call of the user's. From other threads, use the loop's
/// ``IOLoop/mailbox``.
///
/// The connection keeps itself alive until it is closed. Exactly one of the terminal events comes, once, as its last:
/// ``onOpenError(_:)`` if it never was open, ``onClose(_:)`` if it was.
public final class Connection {
    /// The loop that the connection runs on.
    public let ioLoop: any IOLoop
    /// The parameters of the attempt that is under way, or was the last one.
    public internal(set) var parameters: ConnectionParameters {
        didSet { outputLimits = OutputLimits(parameters) }
    }
    var outputLimits: OutputLimits
    /// What went wrong on the way to an open connection, oldest first: the last 1,000 failures at most. A connection that
    /// is open has some if it was not open at the first try.
    public internal(set) var connectionFailures: [ConnectionFailure] = []
    /// Where the stream leads; `nil` before there is one, and if it has no address.
    public internal(set) var peerAddress: SocketAddress?
    /// What client and broker agreed on; `nil` before the broker has proposed its limits.
    public internal(set) var tuned: TunedParameters?
    /// What the broker says about itself; empty before it has introduced itself.
    public internal(set) var serverProperties: FieldTable = [:]
    /// Why the broker does not take publishes at the moment; `nil` if it does (`connection.blocked`).
    public internal(set) var blockedReason: String?
    /// The number of bytes received.
    public internal(set) var bytesReceived: UInt64 = 0
    /// The number of frames received.
    public var framesReceived: UInt64 { frameCount }
    /// The number of bytes handed to the stream.
    public internal(set) var bytesSent: UInt64 = 0
    /// The number of frames encoded for sending.
    public var framesSent: UInt64 { output.frameCount }

    /// How many frames of average size may wait to be sent before ``onBackpressure(_:)`` listeners are told, if the
    /// parameters ask for the detection. Default: 10.
    public var backpressureMultiplier = 10

    /// How long the callbacks that one read leads to may take before ``onStall(_:)`` listeners are told. Default: 1 s.
    public var stallThreshold: Duration = .seconds(1)

    var logger: Logger
    /// The loop's, which is asked for with every message.
    let mailbox: Mailbox
    var workflow: any ConnectionWorkflow
    /// The number of the attempt to connect that is under way, or was the last one.
    var attempt = 0
    var isAttempting = false
    /// What the last attempt failed with.
    var attemptError: AMQPError?
    /// The stream that the user has opened for this connection, until it is used.
    var givenStream: (any StreamTransport)?
    var machine: ConnectionStateMachine
    var channels = ChannelTable()
    /// What is under way to open the stream: the delay before an attempt, the provider's question, the connector.
    var connector: (any Cancellable)?
    var transport: (any StreamTransport)?
    var decoder = FrameDecoder()
    var frameCount: UInt64 = 0
    /// The largest frame in either direction, as far as it is agreed on.
    var frameMax = Framing.limitBeforeTune
    // SAFETY: nothing of the user's runs while the output is looked at or changed, so no two accesses can overlap: every
    // one is a call into the codec, which calls nothing back. So no access is recorded, which would cost as much as
    // encoding a message.
    @exclusivity(unchecked) var output = OutputBuffer()
    /// What the transport had not sent yet when it was asked last; it can only have become less since.
    var transportBacklog = 0
    var isFlushScheduled = false
    /// What waits on the channels for its turn.
    var heldByteCount = 0
    /// Whether so much output waits that the connection is about to end.
    var isEndingForOutput = false
    var recentFrames = RecentFrames()
    var flushWaits = RingBuffer<FlushWait>()
    /// Kept by the transport, and keeps the connection in turn; weak, so that both go when the transport has ended.
    weak var stream: ConnectionStream?

    var deadlines = DeadlineTable()
    var timer: TimerHandle?
    var timerInstant: LoopInstant?
    var lastReceived = LoopInstant(nanoseconds: 0)
    var lastSent = LoopInstant(nanoseconds: 0)
    /// When the stream took some of the output that waited; or began to be watched for that.
    var lastTaken = LoopInstant(nanoseconds: 0)
    /// Whether output waits, and has a deadline for being taken.
    var isOutputWatched = false
    /// Whether the peer was given another interval, and has not been heard since.
    var wasStallForgiven = false

    /// Whether more output waits than the high water mark, until it is less than the low one.
    var isAboveWaterMark = false
    var isUnderBackpressure = false
    var toldBackpressure = false
    var isGateCheckScheduled = false
    /// What the provider has given for the attempt that is under way.
    var obtainedCredentials: (value: any Credentials, instant: LoopInstant)?
    var refresh = CredentialsRefresh()
    var refreshRequest: CredentialsRequest?
    var refreshTimer: TimerHandle?
    /// How many ask for reading to pause, and whether it does.
    var readingPauseCount = 0
    var isReadingPaused = false
    var readingTimer: TimerHandle?
    /// Which callbacks the bytes that came last have led to.
    var stallWatch = StallWatch()
    var secretUpdates = RingBuffer<SecretUpdate>()
    /// What is to be called in later turns, or when the loop is closed before those come.
    var owedCallbacks = RingBuffer<() -> Void>()
    var wasOpen = false
    var hasEnded = false
    var closeCompletions: [(Result<Void, AMQPError>) throws -> Void] = []
    let openListeners = Listeners<Connection>()
    let openErrorListeners = Listeners<(Connection, AMQPError)>()
    let closeListeners = Listeners<(Connection, AMQPError)>()
    let errorListeners = Listeners<(Connection, AMQPError)>()
    let blockedListeners = Listeners<(Connection, String)>()
    let unblockedListeners = Listeners<Connection>()
    let backpressureListeners = Listeners<(Connection, Bool)>()
    let methodListeners = Listeners<(Connection, Method)>()
    let stallListeners = Listeners<(Connection, CallbackStall)>()

    /// Makes a connection and begins to connect.
    ///
    /// - Parameters:
    ///   - parameters: where and how to connect.
    ///   - loop: the loop to run on; call this on its thread (or before it is started). On one that is closed already no
    ///     callback ever runs.
    ///   - onOpen: called once when the connection is open.
    ///   - onOpenError: called once if the connection cannot be opened.
    ///   - onClose: called once when the connection, having been open, is over.
    public convenience init(
        _ parameters: ConnectionParameters = ConnectionParameters(), on loop: any IOLoop,
        onOpen: ((Connection) throws -> Void)? = nil, onOpenError: ((Connection, AMQPError) throws -> Void)? = nil,
        onClose: ((Connection, AMQPError) throws -> Void)? = nil
    ) {
        self.init(
            workflow: RetryingWorkflow([parameters]), over: nil, on: loop, onOpen: onOpen, onOpenError: onOpenError,
            onClose: onClose)
    }

    /// Makes a connection over a stream, or over what a workflow leads to.
    init(
        workflow: any ConnectionWorkflow, over stream: (any StreamTransport)?, on loop: any IOLoop,
        onOpen: ((Connection) throws -> Void)?, onOpenError: ((Connection, AMQPError) throws -> Void)?,
        onClose: ((Connection, AMQPError) throws -> Void)?
    ) {
        loop.mailbox.assertCurrent()
        // A workflow of the user's is asked in a turn of its own, never here.
        let parameters = (workflow as? RetryingWorkflow)?.candidates.first ?? ConnectionParameters()
        self.parameters = parameters
        self.outputLimits = OutputLimits(parameters)
        self.workflow = workflow
        self.givenStream = stream
        self.ioLoop = loop
        self.mailbox = loop.mailbox
        self.machine = ConnectionStateMachine(parameters)
        self.logger = Connection.logger(for: parameters)
        if let onOpen { self.onOpen(onOpen) }
        if let onOpenError { self.onOpenError(onOpenError) }
        if let onClose { self.onClose(onClose) }
        endWithLoop()
        startWorkflow()
    }

    deinit {
        mailbox.removeFarewell(of: ObjectIdentifier(self))
    }

    // MARK: State

    /// How far the connection has come.
    public var state: ConnectionState {
        switch machine.state {
        case .connecting: .connecting
        case .handshaking: .handshaking
        case .open: .open
        case .closing: .closing
        case .closed: .closed
        }
    }

    /// Whether the connection is on the way to being open.
    public var isOpening: Bool { state == .connecting || state == .handshaking }

    /// Whether channels can be opened.
    public var isOpen: Bool {
        if case .open = machine.state { true } else { false }
    }

    /// Whether the user has asked to close and the broker has not confirmed yet.
    public var isClosing: Bool {
        if case .closing = machine.state { true } else { false }
    }

    /// Whether the connection is over.
    public var isClosed: Bool { machine.isClosed }

    /// What the broker can do, from its properties.
    public var serverCapabilities: FieldTable {
        if case .table(let capabilities)? = serverProperties["capabilities"] { capabilities } else { [:] }
    }

    /// Whether the broker knows `basic.nack`.
    public var basicNack: Bool { serverCapabilities["basic.nack"] == true }

    /// Whether the broker tells consumers that it has cancelled them.
    public var consumerCancelNotify: Bool { serverCapabilities["consumer_cancel_notify"] == true }

    /// Whether the broker binds exchanges to exchanges.
    public var exchangeExchangeBindings: Bool { serverCapabilities["exchange_exchange_bindings"] == true }

    /// Whether the broker confirms publishes.
    public var publisherConfirms: Bool { serverCapabilities["publisher_confirms"] == true }

    /// The number of bytes that wait to be sent.
    public var unsentByteCount: Int { output.byteCount + (transport?.unsentByteCount ?? 0) }

    // MARK: Channels

    /// Opens a channel.
    ///
    /// - Parameters:
    ///   - number: the channel's number; the lowest free one if `nil`.
    ///   - completion: called exactly once, with the open channel or the reason why there is none
    ///     (``AMQPError/Code/connectionWrongState``, ``AMQPError/Code/noFreeChannels``,
    ///     ``AMQPError/Code/channelNumberInUse``, ``AMQPError/Code/invalidArgument`` for a number out of range, or what
    ///     ended the channel or the connection).
    public func openChannel(
        number: UInt16? = nil, completion: @escaping (Result<Channel, AMQPError>) throws -> Void
    ) {
        makeChannel(number: number, completion: completion)
    }

    /// The same, and the channel that is being opened: its first request can be withdrawn; `nil` if there is none.
    @discardableResult
    package func makeChannel(
        number: UInt16? = nil, completion: @escaping (Result<Channel, AMQPError>) throws -> Void
    ) -> Channel? {
        ioLoop.mailbox.assertCurrent()
        do {
            let number = try freeNumber(number)
            let channel = Channel(number, on: self)
            channels.insert(channel)
            channel.open(completion)
            return channel
        } catch {
            refuse(error, completion)
            return nil
        }
    }

    /// Opens a channel; if that fails, the connection's ``onError(_:)`` listeners hear of it.
    ///
    /// - Parameters:
    ///   - number: the channel's number; the lowest free one if `nil`.
    ///   - onOpen: called once when the channel is open.
    /// - Returns: the channel that is being opened, for listeners; requests that are made on it wait behind its opening, and
    ///   it can be closed. `nil` if there is none: the connection is not open, or the number is not free.
    @discardableResult
    public func channel(number: UInt16? = nil, onOpen: @escaping (Channel) throws -> Void) -> Channel? {
        makeChannel(number: number) { [self] result in
            switch result {
            case .success(let channel): try onOpen(channel)
            case .failure(let error): report(error)
            }
        }
    }

    private func freeNumber(_ wanted: UInt16?) throws(AMQPError) -> UInt16 {
        guard isOpen, let limit = tuned?.channelMax else {
            throw AMQPError(.connectionWrongState, blame: .application, "a channel needs an open connection")
        }
        guard let wanted else {
            if let number = channels.lowestFree(limit: limit) { return number }
            throw AMQPError(.noFreeChannels, blame: .application, "all \(limit) channels are in use")
        }
        guard (1 ... limit).contains(wanted) else {
            throw AMQPError(.invalidArgument, blame: .application, "channel number \(wanted); 1 … \(limit) are allowed")
        }
        guard channels[wanted] == nil else {
            throw AMQPError(.channelNumberInUse, blame: .application, "channel number \(wanted) is in use")
        }
        return wanted
    }

    // MARK: Listeners

    /// Calls `listener` when the connection is open; not if it is open already.
    @discardableResult
    public func onOpen(_ listener: @escaping (Connection) throws -> Void) -> ListenerToken {
        openListeners.add(listener)
    }

    /// Calls `listener` once if the connection ends before it was open. If nobody listens, the ``onError(_:)`` listeners
    /// hear of it, or the log.
    @discardableResult
    public func onOpenError(_ listener: @escaping (Connection, AMQPError) throws -> Void) -> ListenerToken {
        openErrorListeners.add { try listener($0.0, $0.1) }
    }

    /// Calls `listener` once when the connection, having been open, is over: after all channels have ended; not if it is
    /// over already.
    @discardableResult
    public func onClose(_ listener: @escaping (Connection, AMQPError) throws -> Void) -> ListenerToken {
        closeListeners.add { try listener($0.0, $0.1) }
    }

    /// Calls `listener` for each error that nobody else is told of: an error thrown by a handler, a call that was refused
    /// and has no completion. If nobody listens, the error is logged.
    @discardableResult
    public func onError(_ listener: @escaping (Connection, AMQPError) throws -> Void) -> ListenerToken {
        errorListeners.add { try listener($0.0, $0.1) }
    }

    /// Calls `listener` with the broker's reason each time that the broker stops taking publishes.
    @discardableResult
    public func onBlocked(_ listener: @escaping (Connection, String) throws -> Void) -> ListenerToken {
        blockedListeners.add { try listener($0.0, $0.1) }
    }

    /// Calls `listener` each time that the broker takes publishes again.
    @discardableResult
    public func onUnblocked(_ listener: @escaping (Connection) throws -> Void) -> ListenerToken {
        unblockedListeners.add(listener)
    }

    /// Calls `listener` with `true` when more output waits than ``backpressureMultiplier`` frames of average size, and
    /// with `false` when that is over; never inside a call of the user's. The parameters must ask for it
    /// (``ConnectionParameters/backpressureDetection``).
    @discardableResult
    public func onBackpressure(_ listener: @escaping (Connection, Bool) throws -> Void) -> ListenerToken {
        backpressureListeners.add { try listener($0.0, $0.1) }
    }

    // MARK: Helpers

    /// Tells the error listeners, or the log if there are none.
    func report(_ error: AMQPError) {
        if errorListeners.isEmpty {
            logger.error("\(error)")
        } else {
            errorListeners.emit((self, error)) { thrown in
                logger.error("an onError listener threw \(thrown) when it was told: \(error)")
            }
        }
    }
}

@available(*, unavailable)
extension Connection: Sendable {}

extension Connection: CustomStringConvertible {
    /// Where it leads and its state.
    public var description: String {
        "connection to \(parameters) (\(state))"
    }
}
