/// A field table: named values, as in message headers, queue arguments and client properties (specification 4.2.5.5).
///
/// The entries keep their order. A table that was received may hold a key more than once; the subscript then gives the
/// last value. Equality does not look at the order of different keys.
///
/// ```swift
/// var headers: FieldTable = ["attempt": 1, "source": "sensor-7"]
/// headers["attempt"] = 2
/// ```
public struct FieldTable: Sendable {
    /// A key and its value.
    public struct Entry: Sendable {
        /// The name; at most 255 bytes of UTF-8 can be sent.
        public var key: String
        /// The value.
        public var value: FieldValue

        /// A key and its value.
        public init(key: String, value: FieldValue) {
            self.key = key
            self.value = value
        }
    }

    /// The entries in their order, those of equal keys included.
    public internal(set) var entries: [Entry]

    /// The table of no entries.
    public init() {
        self.entries = []
    }

    /// A table of the entries, in their order; of a key that comes twice, the last value stays.
    public init(_ elements: some Sequence<(String, FieldValue)>) {
        self.entries = []
        var positions: [[UInt8]: Int] = [:]
        for (key, value) in elements {
            let bytes = Array(key.utf8)
            if let position = positions[bytes] {
                entries[position].value = value
            } else {
                positions[bytes] = entries.count
                entries.append(Entry(key: key, value: value))
            }
        }
    }

    /// The value of a key, compared byte by byte; the last one if the key comes several times.
    ///
    /// Setting replaces the first entry of the key and removes the others, or appends one; `nil` removes all. A look-up
    /// takes time in proportion to the number of entries.
    public subscript(key: String) -> FieldValue? {
        get {
            entries.last { FieldComparison.equalBytes($0.key, key) }?.value
        }
        set {
            let first = entries.firstIndex { FieldComparison.equalBytes($0.key, key) }
            guard let newValue else {
                if first != nil { entries.removeAll { FieldComparison.equalBytes($0.key, key) } }
                return
            }
            guard let first else {
                entries.append(Entry(key: key, value: newValue))
                return
            }
            entries[first].value = newValue
            let others = entries[(first + 1)...].filter { !FieldComparison.equalBytes($0.key, key) }
            entries.replaceSubrange((first + 1)..., with: others)
        }
    }

    /// Appends an entry even if the key exists already.
    public mutating func append(_ value: FieldValue, forKey key: String) {
        entries.append(Entry(key: key, value: value))
    }
}

extension FieldTable: RandomAccessCollection {
    /// The position of the first entry, 0.
    public var startIndex: Int { 0 }
    /// The position behind the last entry.
    public var endIndex: Int { entries.count }

    /// The key and value at a position.
    public subscript(position: Int) -> (key: String, value: FieldValue) {
        (entries[position].key, entries[position].value)
    }
}

extension FieldTable: ExpressibleByDictionaryLiteral {
    /// A table of the entries, in their order; of a key that comes twice, the last value stays.
    public init(dictionaryLiteral elements: (String, FieldValue)...) {
        self.init(elements)
    }
}

extension FieldTable: Hashable {
    /// Whether both have the same keys with equal values; the order of different keys does not matter.
    public static func == (left: FieldTable, right: FieldTable) -> Bool {
        FieldComparison.equal(left, right)
    }

    public func hash(into hasher: inout Hasher) {
        hash(into: &hasher, depth: 0)
    }

    /// Combines the sum of the entries' hashes, which does not depend on their order.
    func hash(into hasher: inout Hasher, depth: Int) {
        hasher.combine(entries.count)
        guard depth < FieldValue.maximumNesting else { return }
        var sum = 0
        for entry in entries {
            var inner = Hasher()
            inner.combine(entry.key)
            entry.value.hash(into: &inner, depth: depth + 1)
            sum &+= inner.finalize()
        }
        hasher.combine(sum)
    }
}
