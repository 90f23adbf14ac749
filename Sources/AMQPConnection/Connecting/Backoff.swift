/// How long to wait before something that failed is tried again: longer each time, and not at the same instant as
/// everybody else.
public struct Backoff: Sendable, Hashable {
    /// The delay after the first failure.
    public var initial: Duration
    /// What the delay is multiplied with after each further failure, 1 or more; 1 keeps it. Default: 1.
    public var factor: Double
    /// The longest delay. Default: 1 minute, or the initial delay if that is longer.
    public var maximum: Duration
    /// The part of a delay that is left to chance, 0 … 1: a delay of 10 s with a jitter of 0.2 is 8 … 10 s. Default: 0.
    public var jitter: Double

    /// A back-off with these values.
    public init(_ initial: Duration, factor: Double = 1, maximum: Duration? = nil, jitter: Double = 0) {
        self.initial = initial
        self.factor = factor
        self.maximum = maximum ?? max(initial, .seconds(60))
        self.jitter = jitter
    }

    /// Checks every value.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/invalidArgument``.
    public func validate() throws(AMQPError) {
        let problem: String? =
            switch self {
            case _ where initial < .zero: "the initial delay is below zero"
            case _ where maximum < initial: "the maximum is below the initial delay"
            case _ where !(1 ... .greatestFiniteMagnitude).contains(factor): "the factor is \(factor); 1 is the least"
            case _ where !(0 ... 1).contains(jitter): "the jitter is \(jitter); 0 … 1 are allowed"
            default: nil
            }
        if let problem { throw AMQPError(.invalidArgument, blame: .application, "back-off: \(problem)") }
    }

    /// The delay after a number of failures, 1 or more.
    public func delay(after failures: Int, using random: inout some RandomNumberGenerator) -> Duration {
        let factor = factor >= 1 ? factor : 1
        // No delay is longer than 64 bits of seconds, so that no product is beyond what a duration holds.
        let maximum = min(maximum, .seconds(Int64.max))
        let limit = maximum.inSeconds
        var delay = initial
        var left = max(failures, 1) - 1
        // Once the maximum is reached, or if nothing changes, further failures make no difference.
        while left > 0, factor > 1, delay > .zero {
            let seconds = delay.inSeconds * factor
            delay = seconds < limit ? .seconds(seconds) : maximum
            left = seconds < limit ? left - 1 : 0
        }
        delay = min(delay, maximum)
        guard jitter > 0, delay > .zero else { return max(delay, .zero) }
        let chance = min(jitter, 1) * Double.random(in: 0 ..< 1, using: &random)
        return .nanoseconds(Int64(min(Double(delay.clampedNanoseconds) * (1 - chance), 9e18)))
    }
}

extension Duration {
    fileprivate var inSeconds: Double {
        Double(attoseconds) / 1e18
    }
}
