/// Which adapter passed which check.
public struct CheckMatrix: Sendable {
    /// The names of all checks, in order.
    public let checks: [String]
    /// The names of all adapters, in order.
    public let adapters: [String]
    /// All results.
    public private(set) var results: [CheckResult]
    private let layers: [String: CheckLayer]

    /// Makes a matrix of checks of the kit, empty or with results.
    public init(checks: [AdapterCheck], adapters: [AdapterUnderTest], results: [CheckResult] = []) {
        self.checks = checks.map(\.name)
        self.adapters = adapters.map(\.name)
        self.results = results
        layers = Dictionary(checks.map { ($0.name, $0.layer) }) { first, _ in first }
    }

    /// Makes a matrix of anything that is checked in the same way on several things, all in one layer.
    public init(checks: [String], adapters: [String], layer: CheckLayer) {
        self.checks = checks
        self.adapters = adapters
        results = []
        layers = Dictionary(checks.map { ($0, layer) }) { first, _ in first }
    }

    /// Adds a result.
    public mutating func add(_ result: CheckResult) { results.append(result) }

    /// What did not pass.
    public var failures: [CheckResult] { results.filter { !$0.outcome.isFine } }

    /// The cells without exactly one result, `adapter check`: empty if every check ran on every adapter.
    public var missingCells: [String] {
        let counts = Dictionary(grouping: results) { [$0.adapter, $0.check] }.mapValues(\.count)
        return adapters.flatMap { adapter in
            checks.filter { counts[[adapter, $0]] != 1 }.map { "\(adapter) \($0)" }
        }
    }

    /// The names that stand more than once in the list of checks; empty in a sound list.
    public var ambiguousNames: [String] {
        Dictionary(grouping: checks) { $0 }.filter { $0.value.count > 1 }.keys.sorted()
    }

    /// The matrix as a table: a row for each check, a column for each adapter, and the sums.
    public var markdown: String {
        let outcomes = Dictionary(results.map { ([$0.adapter, $0.check], $0.outcome) }) { first, _ in first }
        func row(_ cells: [String]) -> String { "| \(cells.joined(separator: " | ")) |" }
        var lines = [row(["layer", "check"] + adapters), row(["---", "---"] + adapters.map { _ in ":-:" })]
        for check in checks {
            let cells = adapters.map { adapter in
                switch outcomes[[adapter, check]] {
                case .passed: "✓"
                case .failed: "✗"
                case .hung: "hung"
                case .notApplicable: "–"
                case nil: "?"
                }
            }
            lines.append(row([layers[check]?.rawValue ?? "", check] + cells))
        }
        let sums = adapters.map { adapter in
            let own = results.filter { $0.adapter == adapter }
            return "\(own.count { $0.outcome == .passed })/\(own.count)"
        }
        lines.append(row(["", "passed"] + sums))
        return lines.joined(separator: "\n") + "\n"
    }

    /// A table of what the checks cover: the laws of the loop contract and the acceptance cases of Pika's.
    public static func coverage(of checks: [AdapterCheck] = AdapterCheck.all) -> String {
        var names: [String: [String]] = [:]
        for check in checks { for covered in check.covers { names[covered, default: []].append(check.name) } }
        let rows = names.sorted { $0.key < $1.key }.map { "| \($0.key) | \($0.value.joined(separator: ", ")) |" }
        return (["| law or case | checks |", "| --- | --- |"] + rows).joined(separator: "\n") + "\n"
    }
}
