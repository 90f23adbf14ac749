import AMQPProtocol
import Logging

extension Connection {
    /// Checks the parameters and opens the stream; whatever happens is told in a later turn.
    func connect() {
        do {
            try parameters.validate()
        } catch {
            runLater { self.end(error) }
            return
        }
        if let limit = parameters.stackTimeout { deadlines[.open] = ioLoop.now.advanced(by: limit) }
        armTimer()
        guard let provider = parameters.credentialsProvider else { return openStream(credentials: nil) }
        connector = CredentialsRequest(provider, on: ioLoop) { result in
            self.connector = nil
            do throws(AMQPError) {
                let credentials = try result.get()
                try credentials.validate()
                self.openStream(credentials: credentials)
            } catch {
                self.end(error)
            }
        }
    }

    private func openStream(credentials: (any Credentials)?) {
        let connector = Connector(parameters, on: ioLoop) { result in
            self.connector = nil
            switch result {
            case .success(let transport): self.streamConnected(transport, credentials: credentials)
            case .failure(let error): self.end(error)
            }
        }
        self.connector = connector
        connector.start()
    }

    private func streamConnected(_ transport: any StreamTransport, credentials: (any Credentials)?) {
        self.transport = transport
        machine.streamConnected(credentials: credentials)
        lastReceived = ioLoop.now
        let stream = ConnectionStream(self)
        self.stream = stream
        transport.start(stream)
        output.appendProtocolHeader()
        flush()
        logger.debug("connected to \(transport.peerAddress.map { "\($0)" } ?? "a stream")")
    }

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
            deadlines[.open] = nil
            logger.debug("connection open")
            openListeners.emit(self)
        case .closedByBroker(let error):
            send(.connectionCloseOK(ConnectionCloseOK()), channel: 0)
            closeStream()
            finish(error)
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
            blockedListeners.emit((self, reason))
        case .unblocked:
            blockedReason = nil
            deadlines[.blocked] = nil
            if transport?.unsentByteCount ?? 0 > 0 { watchOutput() }
            gateChanged()
            unblockedListeners.emit(self)
        }
    }
}
