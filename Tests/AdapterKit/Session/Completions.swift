/// Counts the calls of continuations: each must complete exactly once (law L5).
final class Completions {
    private var counts: [String: Int] = [:]
    private let check: CheckRun

    init(_ check: CheckRun) { self.check = check }

    /// Announces a continuation.
    func expect(_ name: String) { counts[name] = counts[name] ?? 0 }

    /// Notes that it was called.
    func complete(_ name: String) {
        check.entered("the completion of \(name)")
        counts[name, default: 0] += 1
    }

    /// Reports those that were not called exactly once.
    func verify() {
        for (name, count) in counts.sorted(by: { $0.key < $1.key }) {
            check.expectEqual(count, 1, "calls of the completion of \(name)")
        }
    }
}
