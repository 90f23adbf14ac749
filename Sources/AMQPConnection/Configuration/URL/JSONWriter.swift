import AMQPProtocol

/// Writes tables as JSON objects that ``JSONReader`` reads as the same tables.
struct JSONWriter {
    private var text = ""
    private let part: String

    /// The JSON of a table.
    ///
    /// - Parameter part: what the table is, for errors.
    /// - Throws: ``AMQPError/Code/notSupported`` if a value would not be the same when it is read back: JSON has no dates,
    ///   bytes, decimals or sizes of numbers.
    static func text(_ table: FieldTable, part: String) throws(AMQPError) -> String {
        var writer = JSONWriter(part: part)
        try writer.write(table, depth: 0)
        return writer.text
    }

    private init(part: String) {
        self.part = part
    }

    private mutating func write(_ table: FieldTable, depth: Int) throws(AMQPError) {
        guard Set(table.entries.map { Array($0.key.utf8) }).count == table.count else { throw inexpressible }
        text += "{"
        for (index, entry) in table.entries.enumerated() {
            if index > 0 { text += "," }
            write(entry.key)
            text += ":"
            try write(entry.value, depth: depth + 1)
        }
        text += "}"
    }

    private mutating func write(_ value: FieldValue, depth: Int) throws(AMQPError) {
        guard depth < FieldValue.maximumNesting else { throw inexpressible }
        switch value {
        case .boolean(let value): text += "\(value)"
        case .int32(let number): text += "\(number)"
        case .int64(let number) where Int32(exactly: number) == nil: text += "\(number)"
        case .double(let number) where number.isFinite: text += "\(number)"
        case .text(let value): write(value)
        case .array(let values):
            text += "["
            for (index, value) in values.enumerated() {
                if index > 0 { text += "," }
                try write(value, depth: depth + 1)
            }
            text += "]"
        case .table(let table): try write(table, depth: depth)
        case .void: text += "null"
        case .int8, .uint8, .int16, .uint16, .uint32, .int64, .float, .double, .decimal, .textBytes, .byteArray,
            .timestamp:
            throw inexpressible
        }
    }

    private mutating func write(_ string: String) {
        text += "\""
        for scalar in string.unicodeScalars {
            switch scalar {
            case "\"": text += "\\\""
            case "\\": text += "\\\\"
            case "\u{0}" ..< "\u{10}": text += "\\u000" + String(scalar.value, radix: 16)
            case "\u{10}" ..< " ": text += "\\u00" + String(scalar.value, radix: 16)
            default: text.unicodeScalars.append(scalar)
            }
        }
        text += "\""
    }

    private var inexpressible: AMQPError {
        AMQPError(.notSupported, blame: .application, "\(part) has a value that a URL cannot express")
    }
}
