extension FieldValue: ExpressibleByStringInterpolation {
    /// Makes a ``text(_:)``.
    public init(stringLiteral value: String) {
        self = .text(value)
    }
}

extension FieldValue: ExpressibleByIntegerLiteral {
    /// Makes an ``int32(_:)`` if the number fits, else an ``int64(_:)``.
    public init(integerLiteral value: Int64) {
        self = Int32(exactly: value).map { .int32($0) } ?? .int64(value)
    }
}

extension FieldValue: ExpressibleByBooleanLiteral {
    /// Makes a ``boolean(_:)``.
    public init(booleanLiteral value: Bool) {
        self = .boolean(value)
    }
}

extension FieldValue: ExpressibleByFloatLiteral {
    /// Makes a ``double(_:)``.
    public init(floatLiteral value: Double) {
        self = .double(value)
    }
}

extension FieldValue: ExpressibleByArrayLiteral {
    /// Makes an ``array(_:)``.
    public init(arrayLiteral elements: FieldValue...) {
        self = .array(elements)
    }
}

extension FieldValue: ExpressibleByDictionaryLiteral {
    /// Makes a ``table(_:)`` of the entries, in their order; of a key that comes twice, the last value.
    public init(dictionaryLiteral elements: (String, FieldValue)...) {
        self = .table(FieldTable(elements))
    }
}
