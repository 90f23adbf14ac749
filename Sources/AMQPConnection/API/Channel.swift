import AMQPProtocol

/// A channel of a connection: what queues are declared, messages published and consumed on.
///
/// It is made by ``Connection/channel(number:onOpen:)`` and belongs to the connection's loop. Calls that the broker
/// answers take a completion, which is called exactly once: with the answer, or with the reason why there is none (the
/// channel's or the connection's end, a refused argument). Leave it out for fire and forget: where the protocol has it
/// (but for consuming and cancelling) the broker is asked not to answer, and an error that can be seen locally goes to
/// the connection's ``Connection/onError(_:)`` listeners.
///
/// Requests go out one at a time, in the order of the calls; publishes and acknowledgements do not wait for them. So a
/// message published right after a `queueBind` may overtake it: publish in its completion, or set
/// ``publishesAfterRequests``.
public final class Channel {
    /// The channel's number, 1 … 65535; free for others once the channel is closed.
    public let number: UInt16
    /// The connection that the channel belongs to.
    public let connection: Connection

    /// Whether the broker takes messages on this channel at the moment (`channel.flow`). RabbitMQ never says no.
    public internal(set) var isFlowActive = true

    /// How long a request made from now on may take to be answered; `nil` waits for ever. It begins with the parameters'
    /// ``ConnectionParameters/requestTimeout``.
    ///
    /// A request that takes longer fails with ``AMQPError/Code/deadlineExceeded``. Its answer may still come: it is taken
    /// for what it is, and what it made is undone (a consumer is cancelled, a message goes back to its queue). One that
    /// has not even been sent, because others wait in front of it, is dropped, but a cancel or a close leaves all the same.
    public var requestTimeout: Duration?

    /// How many publishes may be unconfirmed before ``mayPublish`` says no; `nil` for any number. Default: `nil`.
    public var unconfirmedLimit: Int? {
        get { unconfirmedMaximum }
        set {
            unconfirmedMaximum = newValue
            connection.gateChanged()
        }
    }

    /// Whether a publish waits until the requests that were made on this channel before it have been answered: what was
    /// declared and bound is there when the message comes. Default: `false`.
    ///
    /// Publishes keep their order among each other in any case. What waits counts as waiting output: for
    /// ``mayPublish``, and for the parameters' output limit. If the channel ends first, the outcome of a publish that
    /// waits is ``PublishOutcome/lost(_:)``.
    public var publishesAfterRequests: Bool {
        get { ordersPublishes }
        set { ordersPublishes = newValue }
    }

    /// How long a publish may be unconfirmed; `nil` for any time. Default: `nil`.
    ///
    /// One that takes longer (by up to a quarter of the time) ends as ``PublishOutcome/lost(_:)`` with
    /// ``AMQPError/Code/deadlineExceeded``: the message may have arrived all the same. The channel lives on, and a
    /// confirm that comes too late is ignored.
    public var confirmTimeout: Duration? {
        get { unconfirmedTime }
        set {
            unconfirmedTime = newValue
            watchConfirms()
        }
    }

    /// Whether publishes are confirmed: true from the moment that `confirm.select` has been sent.
    public var isConfirming: Bool { isInConfirmMode }

    // These are asked for with every publish, which is cheaper where nobody outside can reach them.
    var unconfirmedMaximum: Int?
    var unconfirmedTime: Duration?
    var ordersPublishes = false
    var isInConfirmMode = false

    /// The ticket of the last ``accessRequest(_:exclusive:passive:active:write:read:completion:)``, which later methods
    /// carry where they have a place for it; 0 before. RabbitMQ ignores it.
    public internal(set) var accessTicket: UInt16 = 0

    var machine = ChannelStateMachine() {
        didSet { takesMessages = machine.isOpen }
    }
    /// Whether the machine's state is open: kept beside it, since it is asked for with every message.
    private(set) var takesMessages = false
    let messageSizeLimit: Int
    var assembler: ContentAssembler
    /// Whether each frame is looked at by itself: a message has begun and not ended, or somebody listens to methods.
    var takesFramesSingly = false
    /// Whether the connection's table holds the channel: frames of its number belong to it.
    var isRegistered = false
    /// Its place among the channels of the connection, in the order in which they were made.
    var place: UInt64 = 0
    var requests = RPCQueue()
    var nextRequestID: UInt64 = 0
    var calls: [UInt64: PendingCall] = [:]
    var consumers: [String: Consumer] = [:]
    var lastConsumer: Consumer?
    // SAFETY: no access overlaps another: the tags are numbers, and what they do calls nothing.
    @exclusivity(unchecked) var unacked = UnackedTags()
    /// What waits for its turn, and counts in the connection's ``Connection/heldByteCount``.
    var countedHeldBytes = 0
    var heldPublishes = RingBuffer<HeldPublish>()
    var confirmWatch: ConfirmWatch?
    var offLoopConsumers: [OffLoopConsumer] = []
    /// Whether a close waits for handlers on other threads.
    var isDraining = false
    // SAFETY: no access overlaps another: the tracker calls nothing, and hands out the continuations that end, so that
    // they are called, and let go, when it has been left.
    @exclusivity(unchecked) var confirms = ConfirmTracker<OutcomeContinuation>()
    var resolved: [ConfirmTracker<OutcomeContinuation>.Resolved] = []

    private var openCompletion: ((Result<Channel, AMQPError>) throws -> Void)?
    private var closeCompletions: [(Result<Void, AMQPError>) throws -> Void] = []
    let closeListeners = Listeners<(Channel, AMQPError)>()
    let returnListeners = Listeners<(Channel, ReturnedMessage)>()
    let cancelListeners = Listeners<(Channel, String)>()
    let outcomeListeners = Listeners<(Channel, UInt64, PublishOutcome)>()
    let gateListeners = Listeners<(Channel, Bool)>()
    var toldGate = true
    /// Whether the user has seen the gate closed and waits to be told that it is open.
    var wasGateSeenClosed = false
    let flowListeners = Listeners<(Channel, Bool)>()
    /// `nil` if there never was one: few channels have any.
    var methodListeners: Listeners<(Channel, Method)>?

    init(_ number: UInt16, on connection: Connection) {
        self.number = number
        self.connection = connection
        self.requestTimeout = connection.parameters.requestTimeout
        self.messageSizeLimit = connection.parameters.messageSizeLimit
        self.assembler = ContentAssembler(messageSizeLimit: messageSizeLimit)
    }

    // MARK: State

    /// Whether the broker has not answered yet that the channel is open.
    public var isOpening: Bool {
        if case .opening = machine.state { true } else { false }
    }

    /// Whether the channel has been opened and not been closed by either side.
    public var isOpen: Bool { takesMessages }

    /// Whether the user has asked to close and the broker has not confirmed yet. The channel is open until its handlers on
    /// other threads, for which a close waits, have come to their end.
    public var isClosing: Bool {
        if case .closing = machine.state { true } else { isDraining }
    }

    /// Whether the channel is over.
    public var isClosed: Bool {
        switch machine.state {
        case .closed, .lingering: true
        case .opening, .open, .closing: false
        }
    }

    /// The tags of the consumers that have not been cancelled.
    public var consumerTags: [String] {
        consumers.values.filter { !$0.isCancelling }.map(\.tag).sorted()
    }

    /// The number of publishes that the broker has not confirmed yet.
    public var unconfirmedCount: Int { confirms.openCount }

    /// The number of messages that were delivered or got, and have been neither acknowledged nor refused; those that count
    /// as acknowledged when they are sent (auto-ack) are no part of it.
    public var unackedCount: Int { unacked.count }

    // MARK: Opening and closing

    func open(_ completion: @escaping (Result<Channel, AMQPError>) throws -> Void) {
        openCompletion = completion
        let undo: (Answer) -> Void = { [self] _ in if isOpen { close() } }
        request(.channelOpen(ChannelOpen()), undo: undo) { [self] (result: Result<ChannelOpenOK, AMQPError>) in
            guard let openCompletion else { return }
            self.openCompletion = nil
            switch result {
            case .success:
                if isOpen {
                    try openCompletion(.success(self))
                } else {
                    let error = AMQPError(.channelClosedByClient, blame: .application, "closed before it was open")
                    try openCompletion(.failure(error))
                }
            case .failure(let error): try openCompletion(.failure(error))
            }
        }
    }

    /// Closes the channel: requests that were made before are answered first.
    ///
    /// Unacknowledged messages go back to their queues; deliveries that come meanwhile are dropped (and go back, too).
    ///
    /// - Parameters:
    ///   - replyCode: the reason's code. Default: 200.
    ///   - replyText: the reason's text, at most 255 bytes. Default: `Normal shutdown`.
    ///   - completion: called exactly once, after the ``onClose(_:)`` listeners: with success if the broker confirmed,
    ///     else with what ended the channel; with ``AMQPError/Code/channelWrongState`` if it was closing or closed
    ///     before this call; with ``AMQPError/Code/invalidArgument`` if the text is too long, and nothing is closed
    ///     then.
    public func close(
        replyCode: UInt16 = 200, replyText: String = "Normal shutdown",
        completion: ((Result<Void, AMQPError>) throws -> Void)? = nil
    ) {
        connection.ioLoop.mailbox.assertCurrent()
        let close = ChannelClose(replyCode: replyCode, replyText: replyText, classID: 0, methodID: 0)
        do {
            _ = try close.encodedSize()
        } catch {
            connection.refuse(AMQPError(error, method: .channelClose), completion)
            return
        }
        if drainOffLoop({ [self] in closeDrained(close) }) {
            if let completion { closeCompletions.append(completion) }
            return
        }
        guard !isDraining, machine.requestedClose(close) else {
            let error = machine.refusal ?? AMQPError(.channelWrongState, blame: .application, "the channel is closing")
            connection.refuse(error, completion)
            return
        }
        if let completion { closeCompletions.append(completion) }
        submitClose(close)
    }

    /// Closes the channel, unless it has ended while its handlers came to their end.
    private func closeDrained(_ close: ChannelClose) {
        if machine.requestedClose(close) { submitClose(close) }
    }

    /// Queues `channel.close` behind the requests that were made before. Its answer is not a request's; what can still
    /// happen to it is that it does not come in time.
    private func submitClose(_ close: ChannelClose) {
        submit(.channelClose(close), isObserved: !closeCompletions.isEmpty) { [self] answer in
            guard case .failure(let error) = answer, error.code == .deadlineExceeded else { return }
            if case .closing(_, isSent: false) = machine.state {
                // A request in front of it was not answered: it overtakes that, or the broker would keep the channel.
                connection.send(.channelClose(close), channel: number)
            }
            guard machine.closeTimedOut(error) else { return }
            finish(error)
            connection.closeIfChannelsClosed()
        }
    }

    /// Closes the channel because the connection is being closed.
    func closeWithConnection(_ replyCode: UInt16, _ replyText: String) {
        let close = ChannelClose(replyCode: replyCode, replyText: replyText, classID: 0, methodID: 0)
        if isDraining || drainOffLoop({ [self] in closeDrained(close) }) { return }
        closeDrained(close)
    }

    // MARK: Listeners

    /// Calls `listener` once when the channel is over, after all that waited on it has been completed; not if it is over
    /// already.
    @discardableResult
    public func onClose(_ listener: @escaping (Channel, AMQPError) throws -> Void) -> ListenerToken {
        closeListeners.add { try listener($0.0, $0.1) }
    }

    /// Calls `listener` for each message that the broker gives back because it cannot be routed.
    @discardableResult
    public func onReturn(_ listener: @escaping (Channel, ReturnedMessage) throws -> Void) -> ListenerToken {
        returnListeners.add { try listener($0.0, $0.1) }
    }

    /// Calls `listener` with the tag of each consumer that the broker cancels, for example because its queue was
    /// deleted; the consumer is gone by then.
    @discardableResult
    public func onCancel(_ listener: @escaping (Channel, String) throws -> Void) -> ListenerToken {
        cancelListeners.add { try listener($0.0, $0.1) }
    }

    /// Calls `listener` when the broker asks to stop (`false`) or to go on (`true`) sending messages.
    @discardableResult
    public func onFlow(_ listener: @escaping (Channel, Bool) throws -> Void) -> ListenerToken {
        flowListeners.add { try listener($0.0, $0.1) }
    }

    // MARK: Ending

    /// Completes everything that waits, then tells the listeners. The state machine is in a final state already.
    func finish(_ error: AMQPError) {
        connection.channels.ended()
        let pending = requests.removeAll()
        heldOutputChanged()
        confirmWatch?.timer.cancel()
        confirmWatch = nil
        unacked.removeAll()
        let waiting = calls
        calls = [:]
        for call in waiting.values { call.timer?.cancel() }
        for request in pending {
            if let call = waiting[request.id] { complete(call, .failure(error)) }
        }
        for (sequence, continuation) in confirms.removeAll() {
            if let continuation { tell(continuation.call, .lost(error)) }
            emit((self, sequence, .lost(error)), to: outcomeListeners, "onPublishOutcome")
        }
        loseHeldPublishes(error)
        // What their handlers hold goes last: its release may run user code that comes back here.
        let (consumers, offLoopConsumers) = (self.consumers, self.offLoopConsumers)
        defer { withExtendedLifetime((consumers, offLoopConsumers)) {} }
        let cancelled = consumers.values.filter { $0.isStarted && !$0.isCancelling }.sorted { $0.tag < $1.tag }
        self.consumers = [:]
        lastConsumer = nil
        self.offLoopConsumers = []
        for consumer in cancelled { tellEnd(of: consumer, error) }
        let wasTold = waiting.values.contains(where: \.isObserved) || !closeListeners.isEmpty
        if !wasTold, error.code == .channelClosedByBroker { connection.report(error) }
        emit((self, error), to: closeListeners, "onClose")
        let isOrderly = error.code == .channelClosedByClient || error.code == .connectionClosedByClient
        let closing = closeCompletions
        closeCompletions = []
        for completion in closing {
            attempt("a completion of channel.close") { try completion(isOrderly ? .success(()) : .failure(error)) }
        }
        outcomeListeners.end()
        closeListeners.end()
        returnListeners.end()
        cancelListeners.end()
        flowListeners.end()
        gateListeners.end()
        methodListeners?.end()
        methodListeners = nil
    }
}

@available(*, unavailable)
extension Channel: Sendable {}

extension Channel: CustomStringConvertible {
    /// The number and the state.
    public var description: String { "channel \(number) (\(stateName))" }

    var stateName: String {
        switch machine.state {
        case .opening: "opening"
        case .open: "open"
        case .closing: "closing"
        case .lingering, .closed: "closed"
        }
    }
}
