/// Compares field values with a list of pairs that are still to be compared in place of recursion, so that values which
/// the application nested too deeply to be sent can still be compared.
enum FieldComparison {
    private typealias Pair = (left: FieldValue, right: FieldValue)

    static func equal(_ left: FieldValue, _ right: FieldValue) -> Bool {
        if let answer = equalScalars(left, right) { return answer }
        return drain([(left, right)])
    }

    static func equal(_ left: FieldTable, _ right: FieldTable) -> Bool {
        var pending: [Pair] = []
        return pairUp(left.entries, right.entries, &pending) && drain(pending)
    }

    private static func drain(_ pairs: [Pair]) -> Bool {
        var pending = pairs
        while let pair = pending.popLast() {
            switch pair {
            case (.array(let left), .array(let right)):
                guard left.count == right.count else { return false }
                for (left, right) in zip(left, right) {
                    guard enqueue(left, right, &pending) else { return false }
                }
            case (.table(let left), .table(let right)):
                guard pairUp(left.entries, right.entries, &pending) else { return false }
            default:
                guard equalScalars(pair.left, pair.right) ?? false else { return false }
            }
        }
        return true
    }

    /// Pairs the values of equal keys; of a key that comes several times, the first with the first and so on.
    private static func pairUp(_ left: [FieldTable.Entry], _ right: [FieldTable.Entry], _ pending: inout [Pair]) -> Bool
    {
        guard left.count == right.count else { return false }
        if zip(left, right).allSatisfy({ equalBytes($0.key, $1.key) }) {
            return zip(left, right).allSatisfy { enqueue($0.value, $1.value, &pending) }
        }
        return zip(sorted(left), sorted(right)).allSatisfy { left, right in
            equalBytes(left.key, right.key) && enqueue(left.value, right.value, &pending)
        }
    }

    /// The entries ordered by the bytes of their keys; entries of one key stay in their order.
    private static func sorted(_ entries: [FieldTable.Entry]) -> [FieldTable.Entry] {
        entries.enumerated().sorted { left, right in
            if equalBytes(left.element.key, right.element.key) { return left.offset < right.offset }
            return left.element.key.utf8.lexicographicallyPrecedes(right.element.key.utf8)
        }.map(\.element)
    }

    private static func enqueue(_ left: FieldValue, _ right: FieldValue, _ pending: inout [Pair]) -> Bool {
        guard let answer = equalScalars(left, right) else {
            pending.append((left, right))
            return true
        }
        return answer
    }

    /// Whether two values are equal, or `nil` if that takes a look into two arrays or two tables.
    private static func equalScalars(_ left: FieldValue, _ right: FieldValue) -> Bool? {
        switch (left, right) {
        case (.boolean(let left), .boolean(let right)): left == right
        case (.int8(let left), .int8(let right)): left == right
        case (.uint8(let left), .uint8(let right)): left == right
        case (.int16(let left), .int16(let right)): left == right
        case (.uint16(let left), .uint16(let right)): left == right
        case (.int32(let left), .int32(let right)): left == right
        case (.uint32(let left), .uint32(let right)): left == right
        case (.int64(let left), .int64(let right)): left == right
        case (.float(let left), .float(let right)): left.bitPattern == right.bitPattern
        case (.double(let left), .double(let right)): left.bitPattern == right.bitPattern
        case (.decimal(let left), .decimal(let right)): left == right
        case (.text(let left), .text(let right)): equalBytes(left, right)
        case (.textBytes(let left), .textBytes(let right)): left == right
        case (.byteArray(let left), .byteArray(let right)): left == right
        case (.timestamp(let left), .timestamp(let right)): left == right
        case (.void, .void): true
        case (.array, .array), (.table, .table): nil
        default: false
        }
    }

    /// Whether two texts have the same bytes; `==` would take two Unicode normal forms for equal.
    static func equalBytes(_ left: String, _ right: String) -> Bool {
        left == right && left.utf8.elementsEqual(right.utf8)
    }
}
