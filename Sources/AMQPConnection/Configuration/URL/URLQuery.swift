import AMQPProtocol

/// The items of a URL's query by key: none unknown, none twice.
struct URLQuery {
    private var values: [URLQueryKey: [String]] = [:]

    /// - Parameter mayShow: whether the error may show a key that is unknown: what looks like the query of a URL with a part
    ///   missing could be a piece of its password.
    init(_ items: [(key: String, value: String)], mayShow: (String) -> Bool) throws(AMQPError) {
        for (name, value) in items {
            guard let key = URLQueryKey(rawValue: name) else {
                throw AMQPError(
                    invalidURL:
                        "query: the key \(mayShow(name) ? URLQuery.shown(name) : "of \(name.utf8.count) bytes") is unknown"
                )
            }
            guard values[key] == nil || key.isRepeatable else {
                throw AMQPError(invalidURL: "query: the key \(name) comes several times")
            }
            guard !value.isEmpty else { throw AMQPError(invalidURL: "\(name): the value is empty") }
            values[key, default: []].append(value)
        }
    }

    /// The text of a key.
    func text(_ key: URLQueryKey) -> String? { values[key]?.first }

    /// All texts of a key that may come several times.
    func texts(_ key: URLQueryKey) -> [String] { values[key] ?? [] }

    /// The number of a key, which must be in a range.
    func number<Number: FixedWidthInteger>(
        _ key: URLQueryKey, _ range: ClosedRange<Number>
    ) throws(AMQPError) -> Number? {
        guard let text = text(key) else { return nil }
        guard let number = WholeNumber.parse(text.utf8).flatMap(Number.init(exactly:)), range.contains(number) else {
            throw AMQPError(
                invalidURL: "\(key.rawValue): a whole number, \(range.lowerBound) … \(range.upperBound), is expected")
        }
        return number
    }

    /// The seconds of a key: `.some(nil)` is no limit.
    func seconds(_ key: URLQueryKey, orZero: Bool = false) throws(AMQPError) -> Duration?? {
        guard let text = text(key) else { return nil }
        if text == DecimalSeconds.none { return .some(nil) }
        guard let duration = DecimalSeconds.parse(text), orZero || duration > .zero else {
            throw AMQPError(
                invalidURL:
                    "\(key.rawValue): seconds\(orZero ? "" : " above zero"), such as 2.5, or \(DecimalSeconds.none) are expected"
            )
        }
        return duration
    }

    /// The truth value of a key: Pika's letters, or the words.
    func truth(_ key: URLQueryKey) throws(AMQPError) -> Bool? {
        switch text(key) {
        case nil: return nil
        case "t", "true": return true
        case "f", "false": return false
        case .some: throw AMQPError(invalidURL: "\(key.rawValue): t or f is expected")
        }
    }

    /// The JSON object of a key.
    func table(_ key: URLQueryKey) throws(AMQPError) -> FieldTable? {
        guard let text = text(key) else { return nil }
        return try JSONReader.table(text, part: key.rawValue)
    }

    /// A key as an error may show it: what does not look like a key could be part of a password.
    private static func shown(_ name: String) -> String {
        let isKey = name.utf8.count <= 40 && name.utf8.allSatisfy { (97 ... 122).contains($0) || $0 == 95 }
        return isKey ? "\"\(name)\"" : "of \(name.utf8.count) bytes"
    }
}
