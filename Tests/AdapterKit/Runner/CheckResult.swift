/// The outcome of one check on one adapter.
public struct CheckResult: Sendable {
    /// The check's name.
    public let check: String
    /// The check's layer.
    public let layer: CheckLayer
    /// The adapter's name.
    public let adapter: String
    /// What became of it.
    public let outcome: CheckOutcome
    /// How long it took.
    public let elapsed: Duration

    /// Makes the result of something that is checked in the way of the kit, but not by it.
    public init(check: String, layer: CheckLayer, adapter: String, outcome: CheckOutcome, elapsed: Duration) {
        self.check = check
        self.layer = layer
        self.adapter = adapter
        self.outcome = outcome
        self.elapsed = elapsed
    }
}

extension CheckResult: CustomStringConvertible {
    public var description: String { "\(adapter) \(check): \(outcome)" }
}
