/// What became of a check on an adapter.
public enum CheckOutcome: Sendable, Hashable {
    /// The adapter behaves as it should.
    case passed
    /// What was wrong.
    case failed([String])
    /// The check did not end within its limit; its thread is lost. The failures are those found until then.
    case hung(after: Duration, failures: [String])
    /// The adapter does not offer what the check needs.
    case notApplicable(missing: AdapterFeatures)

    /// Whether nothing is wrong.
    public var isFine: Bool {
        switch self {
        case .passed, .notApplicable: true
        case .failed, .hung: false
        }
    }
}

extension CheckOutcome: CustomStringConvertible {
    public var description: String {
        switch self {
        case .passed: "passed"
        case .failed(let failures): failures.joined(separator: "; ")
        case .hung(let limit, let failures): (["hung for \(limit)"] + failures).joined(separator: "; ")
        case .notApplicable(let missing): "not applicable without: \(missing)"
        }
    }
}
