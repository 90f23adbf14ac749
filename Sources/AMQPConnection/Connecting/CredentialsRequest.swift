/// One question to a ``CredentialsProvider``, whose answer may come on any thread.
final class CredentialsRequest: Cancellable {
    typealias Outcome = Result<any Credentials, AMQPError>

    /// What the provider's completion carries to the loop.
    // SAFETY: `request` is set before the ticket is shared and read on the loop's thread only; releasing a weak reference
    // elsewhere frees nothing of the loop's.
    private final class Ticket: @unchecked Sendable {
        weak var request: CredentialsRequest?
    }

    private var completion: ((Outcome) -> Void)?

    /// Asks in a later turn: the provider is the user's and never runs inside the user's call.
    ///
    /// - Parameter completion: called once on the loop's thread, never inside this call; not called after ``cancel()``.
    init(_ provider: any CredentialsProvider, on loop: any IOLoop, _ completion: @escaping (Outcome) -> Void) {
        self.completion = completion
        let ticket = Ticket()
        ticket.request = self
        let mailbox = loop.mailbox
        loop.callLater(.zero) { [self] in
            guard self.completion != nil else { return }
            provider.provideCredentials { result in
                let outcome: Outcome = result.mapError { error in
                    AMQPError(
                        .credentialsUnavailable, blame: .application, "the provider has no credentials",
                        underlying: error)
                }
                // A loop that was closed meanwhile has nobody left who waits.
                try? mailbox.addCallbackThreadsafe { ticket.request?.finish(outcome) }
            }
        }
    }

    func cancel() {
        completion = nil
    }

    private func finish(_ outcome: Outcome) {
        guard let completion else { return }
        self.completion = nil
        completion(outcome)
    }
}
