extension FieldValue: CustomStringConvertible {
    /// The value as a literal would show it, cut at about 1,000 bytes.
    public var description: String {
        var text = BoundedText()
        describe(to: &text, depth: 0)
        return text.text
    }

    func describe(to text: inout BoundedText, depth: Int) {
        guard !text.isFull else { return }
        switch self {
        case .boolean(let value): text.add(String(value))
        case .int8(let value): text.add(String(value))
        case .uint8(let value): text.add(String(value))
        case .int16(let value): text.add(String(value))
        case .uint16(let value): text.add(String(value))
        case .int32(let value): text.add(String(value))
        case .uint32(let value): text.add(String(value))
        case .int64(let value): text.add(String(value))
        case .float(let value): text.add(String(value))
        case .double(let value): text.add(String(value))
        case .decimal(let value): text.add(value.description)
        case .text(let value): text.addQuoted(value)
        case .textBytes(let bytes), .byteArray(let bytes): text.add(bytes.description)
        case .array(let values):
            guard depth < FieldValue.maximumNesting else { return text.add("[…]") }
            text.add("[")
            for (index, value) in values.enumerated() {
                if index > 0 { text.add(", ") }
                value.describe(to: &text, depth: depth + 1)
                if text.isFull { break }
            }
            text.add("]")
        case .timestamp(let seconds): text.add("timestamp(\(seconds))")
        case .table(let table): table.describe(to: &text, depth: depth)
        case .void: text.add("void")
        }
    }
}

extension FieldTable: CustomStringConvertible {
    /// The entries as a literal would show them, cut at about 1,000 bytes.
    public var description: String {
        var text = BoundedText()
        describe(to: &text, depth: 0)
        return text.text
    }

    func describe(to text: inout BoundedText, depth: Int) {
        if entries.isEmpty { return text.add("[:]") }
        guard depth < FieldValue.maximumNesting else { return text.add("[…]") }
        text.add("[")
        for (index, entry) in entries.enumerated() {
            if index > 0 { text.add(", ") }
            text.addQuoted(entry.key)
            text.add(": ")
            entry.value.describe(to: &text, depth: depth + 1)
            if text.isFull { break }
        }
        text.add("]")
    }
}
