public import AMQPProtocol

extension Connection {
    /// Gives the broker a new secret, for example a token that replaces one that is about to expire
    /// (`connection.update-secret`).
    ///
    /// - Parameters:
    ///   - secret: the new secret; it is never logged.
    ///   - reason: why it changes, for the broker's log; at most 255 bytes.
    ///   - completion: called exactly once, with the broker's answer or the reason for failure:
    ///     ``AMQPError/Code/connectionWrongState`` if the connection is not open, ``AMQPError/Code/invalidArgument``,
    ///     ``AMQPError/Code/deadlineExceeded`` after the parameters' request timeout, or what ended the connection.
    public func updateSecret(
        _ secret: String, reason: String,
        completion: ((Result<ConnectionUpdateSecretOK, AMQPError>) throws -> Void)? = nil
    ) {
        let update = ConnectionUpdateSecret(newSecret: ByteSlice(utf8: secret), reason: reason)
        guard isOpen else {
            let error = AMQPError(.connectionWrongState, blame: .application, "a secret needs an open connection")
            refuse(error, completion)
            return
        }
        do {
            try append(.connectionUpdateSecret(update), channel: 0)
        } catch {
            refuse(AMQPError(error, method: .connectionUpdateSecret), completion)
            return
        }
        let call = SecretUpdate(completion)
        secretUpdates.append(call)
        guard let limit = parameters.requestTimeout else { return }
        call.timer = ioLoop.callLater(limit) {
            let reason = "\(MethodID.connectionUpdateSecret) was not answered within \(limit)"
            let error = AMQPError(.deadlineExceeded, blame: .deadline, reason, method: .connectionUpdateSecret)
            if completion == nil { self.report(error) } else { self.finish(call, .failure(error)) }
        }
    }

    /// `connection.update-secret-ok` came: the oldest update is answered.
    func receivedSecretAnswer() {
        if let update = secretUpdates.popFirst() { finish(update, .success(ConnectionUpdateSecretOK())) }
    }

    /// The connection is over.
    func failSecretUpdates(_ error: AMQPError) {
        for update in secretUpdates.removeAll() { finish(update, .failure(error)) }
    }

    private func finish(_ update: SecretUpdate, _ result: Result<ConnectionUpdateSecretOK, AMQPError>) {
        attempt("a completion of \(MethodID.connectionUpdateSecret)") { try update.finish(result) }
    }
}

/// An update that the broker has not answered. It keeps its place when nobody waits for it any more, so that no answer is
/// taken for another's.
final class SecretUpdate {
    var timer: TimerHandle?
    private var completion: ((Result<ConnectionUpdateSecretOK, AMQPError>) throws -> Void)?

    init(_ completion: ((Result<ConnectionUpdateSecretOK, AMQPError>) throws -> Void)?) {
        self.completion = completion
    }

    func finish(_ result: Result<ConnectionUpdateSecretOK, AMQPError>) throws {
        timer?.cancel()
        let completion = self.completion
        self.completion = nil
        try completion?(result)
    }
}
