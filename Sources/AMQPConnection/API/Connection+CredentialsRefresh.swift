import Logging

/// Replaces credentials that expire while the connection is open.
extension Connection {
    /// The connection is open: its credentials may have an end.
    func startCredentialsRefresh() {
        refresh.opened(with: obtainedCredentials?.value, obtained: obtainedCredentials?.instant ?? ioLoop.now)
        obtainedCredentials = nil
        armRefresh()
    }

    /// It is time to ask the provider for the next ones.
    func credentialsRefreshDue() {
        guard isOpen, let provider = parameters.credentialsProvider, refresh.duePassed() else { return }
        let request = CredentialsRequest(provider, on: ioLoop) { [weak self] result in
            self?.refreshAnswered(result)
        }
        refreshRequest = request
        guard let limit = parameters.requestTimeout else { return }
        refreshTimer = ioLoop.callLater(limit) { [weak self] in
            request.cancel()
            self?.refreshFailed(
                AMQPError(
                    .credentialsUnavailable, blame: .deadline, "the provider gave no credentials within \(limit)"))
        }
    }

    /// The connection is over.
    func stopCredentialsRefresh() {
        refreshRequest?.cancel()
        refreshRequest = nil
        refreshTimer?.cancel()
        refreshTimer = nil
    }

    private func refreshAnswered(_ result: Result<any Credentials, AMQPError>) {
        stopCredentialsRefresh()
        guard isOpen else { return }
        do throws(AMQPError) {
            let credentials = try result.get()
            try credentials.validate()
            guard let secret = refresh.obtained(credentials, at: ioLoop.now) else {
                throw AMQPError(
                    .credentialsUnavailable, blame: .application,
                    "the provider's credentials have no secret that could replace the last one")
            }
            updateSecret(secret, reason: "the credentials expire") { [weak self] result in
                self?.brokerAnswered(result.map { _ in })
            }
        } catch {
            refreshFailed(error)
        }
    }

    private func brokerAnswered(_ result: Result<Void, AMQPError>) {
        guard isOpen else { return }
        switch result {
        case .success:
            refresh.updated()
            logger.debug("the broker has the new credentials")
            armRefresh()
        case .failure(let error): refreshFailed(error)
        }
    }

    private func refreshFailed(_ error: AMQPError) {
        guard isOpen else { return }
        refresh.failed(at: ioLoop.now)
        armRefresh()
        report(error)
    }

    private func armRefresh() {
        deadlines[.credentials] = refresh.due
        armTimer()
    }
}
