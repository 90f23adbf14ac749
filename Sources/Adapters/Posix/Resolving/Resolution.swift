import AMQPConnection

/// A name that is being resolved for a loop.
final class Resolution: Cancellable, LoopResident {
    typealias Outcome = Result<[SocketAddress], AMQPError>

    /// What the resolver's thread and the loop share.
    // SAFETY: `resolution` is set before the ticket is shared and read on the loop's thread only; releasing a weak
    // reference elsewhere frees nothing of the loop's.
    private final class Ticket: @unchecked Sendable {
        weak var resolution: Resolution?
    }

    private weak var loop: HostedLoop?
    private var completion: ((Outcome) -> Void)?
    private let ticket = Ticket()
    private var job: ResolverPool.Ticket?

    init(loop: HostedLoop, _ completion: @escaping (Outcome) -> Void) {
        self.loop = loop
        self.completion = completion
    }

    func begin(_ host: String, port: UInt16) {
        guard let loop else { return }
        loop.add(self)
        ticket.resolution = self
        if let addresses = try? System.addresses(of: host, port: port, numeric: true) {
            loop.callLater(.zero) { self.finish(.success(addresses)) }
            return
        }
        let (ticket, mailbox) = (ticket, loop.mailbox)
        job = ResolverPool.shared.submit(
            ResolverPool.Job(
                host: host, port: port,
                completion: { result in
                    let outcome = result.mapError { error in
                        AMQPError(
                            .resolutionFailed, blame: .transport, "the host name \(host) could not be resolved",
                            underlying: error)
                    }
                    // A loop that was closed meanwhile has completed the resolution itself.
                    try? mailbox.addCallbackThreadsafe { ticket.resolution?.finish(outcome) }
                }))
    }

    func cancel() {
        let completion = self.completion
        end()
        withExtendedLifetime(completion) {}
    }

    func loopClosed(_ error: AMQPError) {
        finish(.failure(error))
    }

    private func finish(_ outcome: Outcome) {
        guard let completion else { return }
        end()
        completion(outcome)
    }

    private func end() {
        completion = nil
        if let job { ResolverPool.shared.withdraw(job) }
        job = nil
        loop?.remove(self)
    }
}
