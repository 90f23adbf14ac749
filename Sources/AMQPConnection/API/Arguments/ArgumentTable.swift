import AMQPProtocol

/// Collects typed arguments into a field table, and checks what the broker would refuse.
struct ArgumentTable {
    /// The most milliseconds that RabbitMQ's timers take.
    static let maximumMilliseconds: Int64 = 4_294_967_295

    private(set) var table = FieldTable()

    mutating func add(_ text: String?, _ key: String) {
        if let text { table.append(.text(text), forKey: key) }
    }

    mutating func add(_ flag: Bool?, _ key: String) {
        if let flag { table.append(.boolean(flag), forKey: key) }
    }

    mutating func add(_ number: Int?, _ key: String, in range: ClosedRange<Int64>) throws(AMQPError) {
        guard let number else { return }
        guard range.contains(Int64(number)) else { throw ArgumentTable.outOfRange(key, "\(number)", "\(range)") }
        table.append(FieldValue(integerLiteral: Int64(number)), forKey: key)
    }

    /// Adds a time in milliseconds: what is finer is rounded up, so that nothing ends too early.
    mutating func add(_ time: Duration?, _ key: String, from least: Int64) throws(AMQPError) {
        guard let time else { return }
        table.append(FieldValue(integerLiteral: try ArgumentTable.milliseconds(time, key, from: least)), forKey: key)
    }

    mutating func add(_ interval: StreamInterval?, _ key: String) throws(AMQPError) {
        guard let interval else { return }
        table.append(.text(try ArgumentTable.text(of: interval, key)), forKey: key)
    }

    mutating func add(_ value: FieldValue, _ key: String) {
        table.append(value, forKey: key)
    }

    /// The table with the entries that have no type of their own behind the others.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/invalidArgument`` if both give the same key.
    func merged(with others: FieldTable) throws(AMQPError) -> FieldTable {
        var merged = table
        for (key, value) in others {
            guard table[key] == nil else {
                let reason = "\"\(key)\" is given twice: as a property and among the other arguments"
                throw AMQPError(.invalidArgument, blame: .application, reason)
            }
            merged.append(value, forKey: key)
        }
        return merged
    }

    static func milliseconds(_ time: Duration, _ what: String, from least: Int64) throws(AMQPError) -> Int64 {
        let (whole, rest) = time.attoseconds.quotientAndRemainder(dividingBy: 1_000_000_000_000_000)
        let count = Int64(clamping: rest > 0 ? whole + 1 : whole)
        if time >= .zero, (least ... maximumMilliseconds).contains(count) { return count }
        throw outOfRange(what, "\(time)", "\(least)...\(maximumMilliseconds) ms")
    }

    static func text(of interval: StreamInterval, _ what: String) throws(AMQPError) -> String {
        guard (0 ... maximumMilliseconds).contains(Int64(interval.count)) else {
            throw outOfRange(what, "\(interval)", "0...\(maximumMilliseconds)")
        }
        return interval.description
    }

    static func outOfRange(_ key: String, _ value: String, _ range: String) -> AMQPError {
        AMQPError(.invalidArgument, blame: .application, "\(key) is \(value); \(range) are allowed")
    }
}
