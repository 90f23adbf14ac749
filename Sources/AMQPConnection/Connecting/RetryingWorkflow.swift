/// Tries each of several parameter sets in turn, and all of them again after a delay.
///
///     round 1: candidate 1, candidate 2, … --delay--> round 2: candidate 1, … --delay--> … --> gives up
///
/// As in Pika, the last candidate says how many rounds there are and how long the delay is, if the arguments do not.
public struct RetryingWorkflow: ConnectionWorkflow {
    /// What is tried in each round.
    public let candidates: [ConnectionParameters]
    /// How many rounds there are.
    public let attempts: Int
    /// How long to wait between rounds.
    public let backoff: Backoff
    /// Whether each round has an order of its own, so that many clients spread over the hosts.
    public let shuffles: Bool
    /// How long everything may take, delays included; `nil` is no limit.
    public let timeout: Duration?

    private var random: any RandomNumberGenerator
    private var roundsBegun = 0
    private var round: ArraySlice<ConnectionParameters> = []

    /// Makes a workflow that has tried nothing yet.
    ///
    /// - Parameters:
    ///   - candidates: what to try, in this order; at least one.
    ///   - attempts: how many rounds, 1 or more. Default: the last candidate's
    ///     ``ConnectionParameters/connectionAttempts``.
    ///   - backoff: how long to wait between rounds. Default: always the last candidate's
    ///     ``ConnectionParameters/retryDelay``.
    ///   - shuffles: whether each round has a random order. Default: `false`.
    ///   - timeout: how long everything may take; `nil` is no limit. Default: `nil`.
    ///   - random: where jitter and orders come from.
    public init(
        _ candidates: [ConnectionParameters], attempts: Int? = nil, backoff: Backoff? = nil, shuffles: Bool = false,
        timeout: Duration? = nil, random: any RandomNumberGenerator = SystemRandomNumberGenerator()
    ) {
        self.candidates = candidates
        self.attempts = attempts ?? candidates.last?.connectionAttempts ?? 1
        self.backoff = backoff ?? Backoff(candidates.last?.retryDelay ?? .zero)
        self.shuffles = shuffles
        self.timeout = timeout
        self.random = random
    }

    /// Checks the candidates and the numbers.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/invalidArgument``.
    public func validate() throws(AMQPError) {
        guard !candidates.isEmpty else {
            throw AMQPError(.invalidArgument, blame: .application, "there are no parameters to connect with")
        }
        guard attempts >= 1 else {
            throw AMQPError(.invalidArgument, blame: .application, "attempts is \(attempts); 1 is the least")
        }
        guard (timeout ?? .seconds(1)) > .zero else {
            throw AMQPError(.invalidArgument, blame: .application, "the workflow's timeout is not above zero")
        }
        try backoff.validate()
        for candidate in candidates { try candidate.validate() }
    }

    /// The next candidate of the round, or the first of the next round after the delay; `nil` behind the last round.
    public mutating func nextAttempt(after failures: [ConnectionFailure]) -> ConnectionAttempt? {
        if let next = round.popFirst() { return ConnectionAttempt(next) }
        guard roundsBegun < attempts else { return nil }
        let delay = roundsBegun == 0 ? .zero : backoff.delay(after: roundsBegun, using: &random)
        roundsBegun += 1
        round = (shuffles ? RetryingWorkflow.shuffled(candidates, using: &random) : candidates)[...]
        return round.popFirst().map { ConnectionAttempt($0, after: delay) }
    }

    private static func shuffled(
        _ candidates: [ConnectionParameters], using random: inout some RandomNumberGenerator
    ) -> [ConnectionParameters] {
        candidates.shuffled(using: &random)
    }
}
