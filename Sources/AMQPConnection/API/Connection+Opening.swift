import AMQPProtocol
import Logging

/// The way to an open connection: attempts, one after another, as the workflow says.
///
///     delay --> credentials --> resolve, connect, secure --> handshake --> open
///       ^           |                    |                      |
///       +-----------+--------------------+----------------------+ attempt failed, the workflow has another
///                                        |
///                                        +--> nothing left: closed
extension Connection {
    /// How many failures are kept.
    private static let failureLimit = 1000

    /// Begins, in a later turn: the workflow may be the user's.
    func startWorkflow() {
        connector = ioLoop.callLater(.zero) { [self] in
            do throws(AMQPError) {
                try workflow.validate()
            } catch {
                return giveUp(error)
            }
            if let limit = workflow.timeout {
                deadlines[.workflow] = ioLoop.now.advanced(by: limit)
                armTimer()
            }
            nextAttempt()
        }
    }

    private func nextAttempt() {
        connector = nil
        guard !isClosed else { return }
        let next = workflow.nextAttempt(after: connectionFailures)
        guard !isClosed else { return }
        guard let next else {
            let nothing = AMQPError(.invalidArgument, blame: .application, "the workflow has nothing to try")
            return giveUp(attemptError ?? nothing)
        }
        guard next.delay > .zero else { return begin(next.parameters) }
        logger.debug("next attempt to connect in \(next.delay)")
        connector = ioLoop.callLater(next.delay) { self.begin(next.parameters) }
    }

    private func begin(_ parameters: ConnectionParameters) {
        connector = nil
        attempt += 1
        isAttempting = true
        self.parameters = parameters
        logger = Connection.logger(for: parameters)
        forgetLastStream()
        do {
            try parameters.validate()
        } catch {
            return giveUp(error)
        }
        machine.attemptBegan(parameters)
        if let limit = parameters.stackTimeout { deadlines[.open] = ioLoop.now.advanced(by: limit) }
        armTimer()
        guard let provider = parameters.credentialsProvider else { return openStream(credentials: nil) }
        connector = CredentialsRequest(provider, on: ioLoop) { result in
            do throws(AMQPError) {
                let credentials = try result.get()
                try credentials.validate()
                self.obtainedCredentials = (credentials, self.ioLoop.now)
                self.openStream(credentials: credentials)
            } catch {
                self.end(error)
            }
        }
    }

    /// The program's logger, with the connection's name in every line.
    static func logger(for parameters: ConnectionParameters) -> Logger {
        var logger = parameters.logger
        logger[metadataKey: "connection"] = "\(parameters.connectionName ?? "\(parameters.host):\(parameters.port)")"
        return logger
    }

    private func openStream(credentials: (any Credentials)?) {
        if let stream = givenStream.take() {
            connector = nil
            return streamConnected(stream, credentials: credentials)
        }
        let connector = Connector(parameters, on: ioLoop) { result in
            switch result {
            case .success(let transport):
                self.takeConnectorsFailures()
                self.connector = nil
                self.streamConnected(transport, credentials: credentials)
            case .failure(let error): self.end(error)
            }
        }
        self.connector = connector
        connector.start()
    }

    private func streamConnected(_ transport: any StreamTransport, credentials: (any Credentials)?) {
        self.transport = transport
        peerAddress = transport.peerAddress
        machine.streamConnected(credentials: credentials)
        lastReceived = ioLoop.now
        let stream = ConnectionStream(self)
        self.stream = stream
        transport.start(stream)
        output.appendProtocolHeader()
        flush()
        logger.debug("connected to \(peerAddress.map { "\($0)" } ?? "a stream")")
    }

    // MARK: Failures

    /// The attempt has failed. The workflow is asked in a later turn: frames may just be read, or a call be made.
    func attemptFailed(_ error: AMQPError) {
        guard isAttempting else { return }
        recordFailure(error)
        logger.info("attempt \(attempt) to connect failed: \(error)")
        leaveStream()
        connector = ioLoop.callLater(.zero) { self.nextAttempt() }
    }

    /// All attempts together have taken too long.
    func workflowTimedOut() {
        let limit = workflow.timeout ?? .zero
        let error = AMQPError(
            .deadlineExceeded, blame: .deadline, "no attempt led to an open connection within \(limit)")
        endForGood(error)
    }

    /// Ends the connection in whichever state it is; if it was being opened, nothing more is tried.
    func endForGood(_ error: AMQPError) {
        if isAttempting { recordFailure(error) }
        cutStream()
        giveUp(error)
    }

    /// There is nothing left to try.
    private func giveUp(_ error: AMQPError) {
        isAttempting = false
        cutStream()
        if machine.gaveUp(error) { finish(error) }
    }

    /// Notes why the attempt failed: each address that was being tried, or the step as a whole.
    private func recordFailure(_ error: AMQPError) {
        isAttempting = false
        attemptError = error
        guard let connector = connector as? Connector else {
            return note(self.connector is CredentialsRequest ? .credentials : .handshake, at: peerAddress, error)
        }
        takeConnectorsFailures()
        for address in connector.addressesUnderWay { note(connector.phase, at: address, error) }
        if connector.failures.isEmpty, connector.addressesUnderWay.isEmpty { note(connector.phase, at: nil, error) }
    }

    private func takeConnectorsFailures() {
        for failure in (connector as? Connector)?.failures ?? [] {
            note(failure.phase, at: failure.address, failure.cause)
        }
    }

    private func note(_ phase: ConnectionPhase, at address: SocketAddress?, _ cause: AMQPError) {
        if connectionFailures.count >= Connection.failureLimit { connectionFailures.removeFirst() }
        connectionFailures.append(
            ConnectionFailure(
                attempt: attempt, host: parameters.host, port: parameters.port, address: address, phase: phase,
                cause: cause))
    }

    // MARK: Streams

    /// Cuts the stream, whoever opened it.
    func cutStream() {
        transport?.abort()
        givenStream.take()?.abort()
    }

    /// Lets go of what the attempt used; its last words may still be sent.
    private func leaveStream() {
        connector?.cancel()
        connector = nil
        for kind in [DeadlineTable.Kind.open, .heartbeatSend, .heartbeatReceive] { deadlines[kind] = nil }
        armTimer()
        givenStream.take()?.abort()
        guard let transport else { return }
        stream?.leave(transport, within: Connection.lingerLimit)
        self.transport = nil
        stream = nil
    }

    /// Puts everything back that a stream leaves behind, so that the next one begins as the first did.
    private func forgetLastStream() {
        obtainedCredentials = nil
        tuned = nil
        serverProperties = [:]
        peerAddress = nil
        decoder = FrameDecoder()
        frameCount = 0
        frameMax = Framing.limitBeforeTune
        output = OutputBuffer()
        transportBacklog = 0
        isFlushScheduled = false
        bytesReceived = 0
        bytesSent = 0
        wasStallForgiven = false
        outputChanged()
    }

    // MARK: Methods

    /// Carries out what a method on channel 0 leads to.
    func perform(_ action: ConnectionStateMachine.MethodAction) {
        switch action {
        case .none:
            return
        case .reply:
            receivedSecretAnswer()
        case .send(let methods):
            for method in methods { send(method, channel: 0) }
        case .tuned(let tuned, let methods):
            self.tuned = tuned
            frameMax = tuned.frameMax
            startHeartbeats(tuned)
            for method in methods { send(method, channel: 0) }
        case .opened:
            wasOpen = true
            isAttempting = false
            deadlines[.workflow] = nil
            deadlines[.open] = nil
            startCredentialsRefresh()
            logger.debug("connection open")
            emit(self, to: openListeners, "onOpen")
        case .closedByBroker(let error):
            send(.connectionCloseOK(ConnectionCloseOK()), channel: 0)
            closeStream()
            finish(error)
        case .refusedByBroker(let error):
            send(.connectionCloseOK(ConnectionCloseOK()), channel: 0)
            closeStream()
            attemptFailed(error)
        case .closeConfirmed(let error):
            closeStream()
            finish(error)
        case .blocked(let reason):
            blockedReason = reason
            deadlines[.output] = nil
            isOutputWatched = false
            gateChanged()
            if deadlines[.blocked] == nil, let limit = parameters.blockedConnectionTimeout {
                deadlines[.blocked] = ioLoop.now.advanced(by: limit)
                armTimer()
            }
            emit((self, reason), to: blockedListeners, "onBlocked")
        case .unblocked:
            blockedReason = nil
            deadlines[.blocked] = nil
            if transport?.unsentByteCount ?? 0 > 0 { watchOutput() }
            gateChanged()
            emit(self, to: unblockedListeners, "onUnblocked")
        }
    }
}
