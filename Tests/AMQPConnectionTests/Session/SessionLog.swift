internal import AMQPConnection

/// What a session's callbacks told, in order, and how often each continuation was completed.
final class SessionLog {
    /// The events, each in a line.
    private(set) var lines: [String] = []
    /// Callbacks that ran inside a call of the user's.
    private(set) var insideCalls: [String] = []
    private var completions: [(name: String, count: Int)] = []
    private var callDepth = 0
    private var takenCount = 0
    /// Called behind each event with the number of events so far: a test acts from inside the callback.
    var onEvent: (Int) -> Void = { _ in }

    /// Continuations that were never completed.
    var lost: [String] { completions.filter { $0.count == 0 }.map(\.name) }
    /// Continuations that were completed more than once.
    var doubled: [String] { completions.filter { $0.count > 1 }.map(\.name) }
    /// The number of continuations.
    var completionCount: Int { completions.count }

    /// Notes an event; every callback calls it first.
    func add(_ line: String) {
        lines.append(line)
        if callDepth > 0 { insideCalls.append(line) }
        onEvent(lines.count)
    }

    /// The events since the last call of this.
    func take() -> [String] {
        defer { takenCount = lines.count }
        return Array(lines[takenCount...])
    }

    /// Calls the library as a user does: no callback may run before it returns.
    @discardableResult
    func call<Value>(_ call: () throws -> Value) rethrows -> Value {
        callDepth += 1
        defer { callDepth -= 1 }
        return try call()
    }

    /// A continuation that has to be completed exactly once.
    func completion<Value>(_ name: String, _ then: @escaping (Value) -> Void = { _ in })
        -> (Result<Value, AMQPError>) -> Void
    {
        let noted: (Result<Value, AMQPError>) -> Void = once(name) { result in
            switch result {
            case .success(let value):
                self.add("\(name): ok")
                then(value)
            case .failure(let error):
                self.add("\(name): \(error.code) \(error.replyCode ?? 0)")
            }
        }
        return noted
    }

    /// The outcome of a publish, which has to come exactly once.
    func outcome(_ name: String) -> (PublishOutcome) -> Void {
        once(name) { outcome in self.add("\(name): \(outcome.line)") }
    }

    /// A call threw: its continuation is not called.
    func refused(_ name: String) {
        add("\(name): refused")
        if let index = completions.lastIndex(where: { $0.name == name }) { completions[index].count += 1 }
    }

    private func once<Value>(_ name: String, _ call: @escaping (Value) -> Void) -> (Value) -> Void {
        let index = completions.count
        completions.append((name, 0))
        return { value in
            self.completions[index].count += 1
            call(value)
        }
    }
}
