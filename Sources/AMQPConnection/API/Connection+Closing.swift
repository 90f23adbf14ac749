import AMQPProtocol
import Logging

extension Connection {
    /// How long a stream may take to send its last bytes once everything else is over.
    static let lingerLimit = Duration.seconds(5)

    /// Closes the connection: pending requests are answered, the channels are closed, then the connection.
    ///
    /// Before the connection is open this gives up opening it.
    ///
    /// - Parameters:
    ///   - replyCode: the reason's code. Default: 200.
    ///   - replyText: the reason's text, at most 255 bytes. Default: `Normal shutdown`.
    ///   - deadline: after this time the stream is cut; `nil` waits for the broker for ever. Default: 10 s.
    ///   - completion: called exactly once, after the ``onClose(_:)`` listeners: with success if the broker confirmed
    ///     (or the connection never was open), else with what ended the connection; with
    ///     ``AMQPError/Code/connectionWrongState`` if it was closing or closed before this call; with
    ///     ``AMQPError/Code/invalidArgument`` if the text is too long, and nothing is closed then.
    public func close(
        replyCode: UInt16 = 200, replyText: String = "Normal shutdown", deadline: Duration? = .seconds(10),
        completion: ((Result<Void, AMQPError>) throws -> Void)? = nil
    ) {
        ioLoop.mailbox.assertCurrent()
        let close = ConnectionClose(replyCode: replyCode, replyText: replyText, classID: 0, methodID: 0)
        do {
            _ = try close.encodedSize()
        } catch {
            refuse(AMQPError(error, method: .connectionClose), completion)
            return
        }
        switch machine.requestedClose(close) {
        case .refuse:
            let error = AMQPError(.connectionWrongState, blame: .application, "the connection is closing or closed")
            refuse(error, completion)
        case .abandon(let error):
            if let completion { closeCompletions.append(completion) }
            connector?.cancel()
            connector = nil
            cutStream()
            runLater { self.finish(error) }
        case .closeChannels:
            if let completion { closeCompletions.append(completion) }
            deadlines[.close] = deadline.map { ioLoop.now.advanced(by: $0) }
            armTimer()
            for channel in channels.all { channel.closeWithConnection(replyCode, replyText) }
            closeIfChannelsClosed()
        }
    }

    /// Sends `connection.close` when the last channel is over; one that only lacks the broker's close-ok is not waited for.
    func closeIfChannelsClosed() {
        guard channels.livingCount == 0, let close = machine.channelsClosed() else { return }
        send(.connectionClose(close), channel: 0)
    }

    /// The stream is over.
    func streamClosed(_ error: AMQPError?) {
        transport = nil
        let reason = error ?? AMQPError(.streamLost, blame: .transport, "the stream was closed")
        if reason.code == .streamLost, let stall = stalledFor(ioLoop.now) {
            end(
                AMQPError(
                    .streamLost, blame: .application,
                    "\(reason.reason), after the loop had been blocked for \(stall)", underlying: reason.underlying))
        } else {
            end(reason)
        }
        if hasEnded {
            timer?.cancel()
            timer = nil
        }
        readingTimer?.cancel()
        readingTimer = nil
    }

    /// The peer broke the protocol: it is told so, and everything ends.
    func protocolFailed(_ error: AMQPError) {
        guard !isClosed, transport != nil else { return }
        let error = error.with(recentFrames.all)
        if let code = error.replyCode, error.code != .incompatibleProtocol {
            let text = String(decoding: error.reason.utf8.prefix(200), as: UTF8.self)
            let method = error.method ?? MethodID(classID: 0, methodID: 0)
            let close = ConnectionClose(
                replyCode: code, replyText: text, classID: method.classID, methodID: method.methodID)
            send(.connectionClose(close), channel: 0)
        }
        closeStream()
        end(error)
    }

    /// Ends the connection with an error, if it has not ended; before it is open, that is the end of an attempt.
    func end(_ error: AMQPError) {
        switch machine.ended(error) {
        case .none: return
        case .attemptFailed(let reason): attemptFailed(reason)
        case .end(let reason): finish(reason)
        }
    }

    /// Sends what waits and closes the stream; it is cut if the peer does not take the rest.
    func closeStream() {
        flush()
        transport?.close()
    }

    /// Tells everybody that it is over: channels with all that waits on them, then the connection's listeners.
    ///
    /// The state machine is in its final state already, so whatever a callback calls is refused.
    func finish(_ error: AMQPError) {
        guard !hasEnded else { return }
        hasEnded = true
        let error = wasOpen ? error : error.listing(connectionFailures)
        connector?.cancel()
        connector = nil
        deadlines.removeAll()
        output.removeAll()
        if error.code == .heartbeatTimeout || error.code == .deadlineExceeded { transport?.abort() }
        if transport != nil { deadlines[.close] = ioLoop.now.advanced(by: Connection.lingerLimit) }
        armTimer()
        obtainedCredentials = nil
        stopCredentialsRefresh()
        failSecretUpdates(error)
        failFlushes(error)
        // None of them is open any more when the first callback runs.
        let ended = channels.inOrderOfMaking.filter { channel in
            channels.remove(channel.number)
            return channel.machine.connectionEnded(error)
        }
        for channel in ended { channel.finish(error) }
        let isOrderly = error.code == .connectionClosedByClient || error.code == .connectionOpenAborted
        // What nobody else is told of should not be found in the log's last corner only.
        let isUnheard = wasOpen && !isOrderly && closeListeners.isEmpty && closeCompletions.isEmpty
        logger.log(level: isUnheard ? .warning : .debug, "connection ended: \(error)")
        if wasOpen {
            emit((self, error), to: closeListeners, "onClose")
        } else if openErrorListeners.isEmpty {
            if error.code != .connectionOpenAborted { report(error) }
        } else {
            emit((self, error), to: openErrorListeners, "onOpenError")
        }
        let completions = closeCompletions
        closeCompletions = []
        for completion in completions {
            attempt("a completion of connection.close") { try completion(isOrderly ? .success(()) : .failure(error)) }
        }
        for listeners in [closeListeners, openErrorListeners, errorListeners] { listeners.end() }
        openListeners.end()
        blockedListeners.end()
        unblockedListeners.end()
        backpressureListeners.end()
        methodListeners.end()
        stallListeners.end()
    }

    /// Refuses a call of the user's: in a later turn through its completion, or else through the error listeners.
    func refuse<Value>(_ error: AMQPError, _ completion: ((Result<Value, AMQPError>) throws -> Void)?) {
        runLater {
            guard let completion else { return self.report(error) }
            self.attempt("the completion of a call that was refused") { try completion(.failure(error)) }
        }
    }
}
