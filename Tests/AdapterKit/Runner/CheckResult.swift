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
}

extension CheckResult: CustomStringConvertible {
    public var description: String { "\(adapter) \(check): \(outcome)" }
}
