import AMQPProtocol

/// The opening of a connection, from the protocol header to `connection.open-ok` (specification 2.2.4).
///
///     awaitingStart --start/start-ok--> awaitingTune --tune/tune-ok, open--> awaitingOpenOK --open-ok--> done
///                                        |      ^
///                                        +------+ secure/secure-ok
///
/// A broker that refuses ends the stream, or (RabbitMQ) says why in `connection.close`; ``classify(_:)`` tells from the
/// state what was refused.
struct HandshakeStateMachine {
    private enum State {
        case awaitingStart
        case awaitingTune(any Credentials)
        case awaitingOpenOK(TunedParameters)
        case done
    }

    private var state = State.awaitingStart
    private let parameters: ConnectionParameters
    private let credentials: any Credentials

    /// A machine that has not heard of the broker yet.
    ///
    /// - Parameter credentials: what to log in with, if it is not what the parameters hold.
    init(_ parameters: ConnectionParameters, credentials: (any Credentials)? = nil) {
        self.parameters = parameters
        self.credentials = credentials ?? parameters.credentials
    }

    /// `connection.start`: the broker offers mechanisms and locales.
    mutating func receivedStart(_ start: ConnectionStart) throws(AMQPError) -> ConnectionStartOK {
        guard case .awaitingStart = state else { throw unexpected(.connectionStart) }
        guard start.versionMajor == 0, start.versionMinor == 9 else {
            let version = "\(start.versionMajor)-\(start.versionMinor)"
            throw AMQPError(
                .incompatibleProtocol, blame: .peer, "the broker speaks AMQP \(version); 0-9 is expected",
                method: .connectionStart)
        }
        let offered = start.mechanisms.text
        guard let chosen = try credentials.credentials(for: offered.split(separator: " ").map(String.init)) else {
            throw AMQPError(
                .authenticationMechanismNotOffered, blame: .application,
                "the broker offers \"\(offered.prefix(200))\", the credentials need \(credentials.mechanism)",
                method: .connectionStart)
        }
        let response = try chosen.initialResponse()
        state = .awaitingTune(chosen)
        return ConnectionStartOK(
            clientProperties: ClientProperties.table(for: parameters), mechanism: chosen.mechanism,
            response: response, locale: parameters.locale)
    }

    /// `connection.secure`: the mechanism goes on with a challenge.
    mutating func receivedSecure(_ secure: ConnectionSecure) throws(AMQPError) -> ConnectionSecureOK {
        guard case .awaitingTune(let chosen) = state else { throw unexpected(.connectionSecure) }
        guard let response = try chosen.response(to: secure.challenge) else {
            throw AMQPError(
                .authenticationRefused, blame: .peer,
                "the broker sent a challenge, which \(chosen.mechanism) does not have",
                method: .connectionSecure)
        }
        return ConnectionSecureOK(response: response)
    }

    /// `connection.tune`: the broker proposes limits, 0 meaning none.
    mutating func receivedTune(_ tune: ConnectionTune) throws(AMQPError) -> (ConnectionTuneOK, ConnectionOpen) {
        guard case .awaitingTune(let chosen) = state else { throw unexpected(.connectionTune) }
        chosen.accepted()
        guard tune.frameMax == 0 || tune.frameMax >= Framing.minimumFrameMax else {
            throw AMQPError(
                .tuningRefused, blame: .peer, "the broker proposes frames of \(tune.frameMax) bytes; 4096 is the least",
                replyCode: 501, method: .connectionTune)
        }
        let tuned = TunedParameters(
            channelMax: tune.channelMax == 0 ? parameters.channelMax : min(parameters.channelMax, tune.channelMax),
            frameMax: tune.frameMax == 0 ? parameters.frameMax : min(parameters.frameMax, Int(tune.frameMax)),
            heartbeat: parameters.heartbeat?.interval(for: tune.heartbeat) ?? tune.heartbeat)
        state = .awaitingOpenOK(tuned)
        let tuneOK = ConnectionTuneOK(
            channelMax: tuned.channelMax, frameMax: UInt32(tuned.frameMax), heartbeat: tuned.heartbeat)
        return (tuneOK, ConnectionOpen(virtualHost: parameters.virtualHost))
    }

    /// The limits that were agreed on, as soon as they are.
    var tuned: TunedParameters? {
        if case .awaitingOpenOK(let tuned) = state { tuned } else { nil }
    }

    /// `connection.open-ok`: the connection is open.
    mutating func receivedOpenOK() throws(AMQPError) -> TunedParameters {
        guard case .awaitingOpenOK(let tuned) = state else { throw unexpected(.connectionOpenOK) }
        state = .done
        return tuned
    }

    /// What the end of the stream, or `connection.close`, means in this state.
    func classify(_ error: AMQPError) -> AMQPError {
        let (code, blame, meaning): (AMQPError.Code, AMQPError.Blame, String)
        switch (state, error.replyCode) {
        case (.awaitingStart, nil):
            (code, blame, meaning) = (
                .incompatibleProtocol, .peer, "the stream ended before the broker introduced itself"
            )
        case (.awaitingTune, 403), (.awaitingTune, nil):
            (code, blame, meaning) = (.authenticationRefused, .application, "the broker refused the credentials")
        case (.awaitingOpenOK, 403), (.awaitingOpenOK, 402), (.awaitingOpenOK, 530), (.awaitingOpenOK, nil):
            let host = parameters.virtualHost
            (code, blame, meaning) = (
                .virtualHostRefused, .application, "the broker refused the virtual host \"\(host)\""
            )
        case (.awaitingStart, _), (.awaitingTune, _), (.awaitingOpenOK, _), (.done, _):
            return error
        }
        return AMQPError(
            code, blame: blame, meaning, replyCode: error.replyCode, replyText: error.replyText, method: error.method,
            underlying: error.replyCode == nil ? error : nil)
    }

    private func unexpected(_ method: MethodID) -> AMQPError {
        AMQPError(
            .protocolViolation, blame: .peer, "\(method) came out of order while the connection was opening",
            replyCode: 503, method: method)
    }
}
