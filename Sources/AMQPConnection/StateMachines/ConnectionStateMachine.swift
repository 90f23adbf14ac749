import AMQPProtocol

/// The life of a connection (specification 2.2.4).
///
///         +-- the next attempt --+
///         v                      |
///     connecting --> handshaking-+-> open --> closing --> closed
///          |              |           |          |          ^
///          +--------------+-----------+----------+----------+   (nothing left to try; loss, deadline, broker's close)
///
/// `connecting` is all of an attempt before AMQP is spoken, and the time between two attempts. `closed` is final and carries the reason. While closing, everything but `connection.close` and `connection.close-ok`
/// still goes on, so that pending replies arrive; after the broker's `connection.close` nothing does.
struct ConnectionStateMachine {
    /// How far a close of ours has come.
    enum ClosingStage {
        /// The channels are being closed.
        case channels
        /// `connection.close` has been sent.
        case connection
    }

    enum State {
        case connecting
        case handshaking(HandshakeStateMachine)
        case open
        case closing(ConnectionClose, ClosingStage)
        case closed(AMQPError)
    }

    private(set) var state = State.connecting {
        didSet {
            if case .closed = state { isClosed = true }
        }
    }
    /// Whether the state is final. Kept beside it, since it is asked for with every frame.
    private(set) var isClosed = false
    private var parameters: ConnectionParameters

    init(_ parameters: ConnectionParameters) {
        self.parameters = parameters
    }

    /// An attempt to connect begins, with parameters of its own.
    mutating func attemptBegan(_ parameters: ConnectionParameters) {
        self.parameters = parameters
    }

    /// The stream to the broker is there.
    ///
    /// - Parameter credentials: what to log in with, if it is not what the parameters hold.
    mutating func streamConnected(credentials: (any Credentials)? = nil) {
        guard case .connecting = state else { return }
        state = .handshaking(HandshakeStateMachine(parameters, credentials: credentials))
    }

    /// What a method on channel 0 leads to.
    enum MethodAction {
        case send([Method])
        /// The limits are known: send, and watch over heartbeats.
        case tuned(TunedParameters, send: [Method])
        case opened(TunedParameters)
        /// The broker closed the connection: answer close-ok, then end with the error.
        case closedByBroker(AMQPError)
        /// The broker closed the connection before it was open: answer close-ok; the attempt has failed.
        case refusedByBroker(AMQPError)
        /// The broker confirmed our close.
        case closeConfirmed(AMQPError)
        case blocked(String)
        case unblocked
        /// A reply to a request of the user's on channel 0.
        case reply
        case none
    }

    /// A method came on channel 0.
    ///
    /// - Throws: why the connection has to end.
    mutating func received(_ method: Method) throws(AMQPError) -> MethodAction {
        switch state {
        case .connecting, .closed:
            return .none
        case .handshaking(var handshake):
            let action = try receivedInHandshake(method, &handshake)
            if case .handshaking = state { state = .handshaking(handshake) }
            return action
        case .open:
            switch method {
            case .connectionClose(let close): return .closedByBroker(endedByBroker(close))
            case .connectionBlocked(let blocked): return .blocked(blocked.reason)
            case .connectionUnblocked: return .unblocked
            case .connectionUpdateSecretOK: return .reply
            default: throw unexpected(method)
            }
        case .closing(let close, let stage):
            switch method {
            case .connectionClose(let close): return .closedByBroker(endedByBroker(close))
            case .connectionCloseOK:
                guard case .connection = stage else { throw unexpected(method) }
                let error = ConnectionStateMachine.closedByClient(close)
                state = .closed(error)
                return .closeConfirmed(error)
            case .connectionBlocked(let blocked): return .blocked(blocked.reason)
            case .connectionUnblocked: return .unblocked
            case .connectionUpdateSecretOK: return .reply
            default: throw unexpected(method)
            }
        }
    }

    private mutating func receivedInHandshake(
        _ method: Method, _ handshake: inout HandshakeStateMachine
    ) throws(AMQPError) -> MethodAction {
        switch method {
        case .connectionStart(let start):
            return .send([.connectionStartOK(try handshake.receivedStart(start))])
        case .connectionSecure(let secure):
            return .send([.connectionSecureOK(try handshake.receivedSecure(secure))])
        case .connectionTune(let tune):
            let (tuneOK, open) = try handshake.receivedTune(tune)
            guard let tuned = handshake.tuned else { return .none }
            return .tuned(tuned, send: [.connectionTuneOK(tuneOK), .connectionOpen(open)])
        case .connectionOpenOK:
            let tuned = try handshake.receivedOpenOK()
            state = .open
            return .opened(tuned)
        case .connectionClose(let close):
            let error = handshake.classify(closedByBroker(close))
            state = .connecting
            return .refusedByBroker(error)
        default:
            throw unexpected(method)
        }
    }

    enum CloseAction {
        /// Nothing was sent yet: end with the error, without a word to the broker.
        case abandon(AMQPError)
        /// Close the channels, then call ``ConnectionStateMachine/channelsClosed()``.
        case closeChannels
        /// The connection is closing or closed already.
        case refuse
    }

    /// The user wants to close.
    mutating func requestedClose(_ close: ConnectionClose) -> CloseAction {
        switch state {
        case .connecting, .handshaking:
            let error = AMQPError(
                .connectionOpenAborted, blame: .application, "the connection was closed before it was open",
                replyCode: close.replyCode, replyText: close.replyText)
            state = .closed(error)
            return .abandon(error)
        case .open:
            state = .closing(close, .channels)
            return .closeChannels
        case .closing, .closed:
            return .refuse
        }
    }

    /// All channels are closed; returns `connection.close` if it is time to send it.
    mutating func channelsClosed() -> ConnectionClose? {
        guard case .closing(let close, .channels) = state else { return nil }
        state = .closing(close, .connection)
        return close
    }

    enum EndAction {
        /// The connection has ended already.
        case none
        /// The attempt has failed; there may be another.
        case attemptFailed(AMQPError)
        /// Everything ends with this.
        case end(AMQPError)
    }

    /// The stream is over, or has to end because of an error.
    mutating func ended(_ error: AMQPError) -> EndAction {
        switch state {
        case .closed:
            return .none
        case .connecting:
            return .attemptFailed(error)
        case .handshaking(let handshake):
            state = .connecting
            return .attemptFailed(error.code == .streamLost ? handshake.classify(error) : error)
        case .open, .closing:
            state = .closed(error)
            return .end(error)
        }
    }

    /// The connection is not going to be open; returns whether it had not ended already.
    mutating func gaveUp(_ error: AMQPError) -> Bool {
        guard !isClosed else { return false }
        state = .closed(error)
        return true
    }

    private mutating func endedByBroker(_ close: ConnectionClose) -> AMQPError {
        let error = closedByBroker(close)
        state = .closed(error)
        return error
    }

    private func closedByBroker(_ close: ConnectionClose) -> AMQPError {
        let failed = MethodID(classID: close.classID, methodID: close.methodID)
        return AMQPError(
            .connectionClosedByBroker, blame: close.replyCode == 320 ? .peer : .application,
            "the broker closed the connection", replyCode: close.replyCode, replyText: close.replyText,
            method: failed.wireValue == 0 ? nil : failed)
    }

    /// The reason that everything ends with after a close of ours.
    static func closedByClient(_ close: ConnectionClose) -> AMQPError {
        AMQPError(
            .connectionClosedByClient, blame: .application, "the connection was closed by its user",
            replyCode: close.replyCode, replyText: close.replyText)
    }

    private func unexpected(_ method: Method) -> AMQPError {
        AMQPError(
            .protocolViolation, blame: .peer, "\(method.id) on channel 0 is not allowed now", replyCode: 503,
            method: method.id)
    }
}
