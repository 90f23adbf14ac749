import AMQPConnection

/// A line of the corpus does not have the form that `pika_peer.py` describes.
struct MalformedCorpus: Error, CustomStringConvertible {
    let description: String
}

extension FieldValue {
    /// A value from its tag and value, as `Tests/Fixtures/tagged.py` writes them.
    init(_ json: JSONValue) throws {
        guard let pair = json.elements, pair.count == 2, let tag = pair[0].text else {
            throw MalformedCorpus(description: "not a tagged value: \(json)")
        }
        guard let value = try FieldValue(tag: tag, pair[1]) else {
            throw MalformedCorpus(description: "not a value of tag \(tag): \(pair[1])")
        }
        self = value
    }

    private init?(tag: String, _ json: JSONValue) throws {
        let value: FieldValue? =
            switch (tag, json) {
            case ("t", .boolean(let flag)): .boolean(flag)
            case ("b", _): json.integer().map { .int8($0) }
            case ("B", _): json.integer().map { .uint8($0) }
            case ("s", _), ("U", _): json.integer().map { .int16($0) }
            case ("u", _): json.integer().map { .uint16($0) }
            case ("I", _): json.integer().map { .int32($0) }
            case ("i", _): json.integer().map { .uint32($0) }
            case ("l", _), ("L", _): json.integer().map { .int64($0) }
            case ("T", _): json.integer().map { .timestamp($0) }
            case ("f", _): json.double.map { .float(Float($0)) }
            case ("d", _): json.double.map { .double($0) }
            case ("D", .array(let parts)) where parts.count == 2:
                if let scale = parts[0].integer(UInt8.self), let digits = parts[1].integer(Int32.self) {
                    .decimal(FieldDecimal(scale: scale, value: digits))
                } else {
                    nil
                }
            case ("S", .text(let hex)):
                [UInt8](hexadecimal: hex).map { bytes in
                    String(validating: bytes, as: UTF8.self).map { .text($0) } ?? .textBytes(ByteSlice(bytes))
                }
            case ("x", .text(let hex)): [UInt8](hexadecimal: hex).map { .byteArray(ByteSlice($0)) }
            case ("A", .array(let elements)): .array(try elements.map { try FieldValue($0) })
            case ("F", _): .table(try FieldTable(json))
            case ("V", .null): .void
            default: nil
            }
        guard let value else { return nil }
        self = value
    }
}

extension FieldTable {
    /// A table from its list of keys and tagged values.
    init(_ json: JSONValue) throws {
        self.init()
        for entry in json.elements ?? [] {
            guard let parts = entry.elements, parts.count == 2, let key = parts[0].text else {
                throw MalformedCorpus(description: "not an entry of a table: \(entry)")
            }
            append(try FieldValue(parts[1]), forKey: key)
        }
    }
}

extension [UInt8] {
    /// The bytes that a text writes with two hexadecimal digits each.
    init?(hexadecimal text: String) {
        let digits = text.utf8.compactMap { Character(UnicodeScalar($0)).hexDigitValue }
        guard digits.count == text.utf8.count, digits.count.isMultiple(of: 2) else { return nil }
        self = stride(from: 0, to: digits.count, by: 2).map { UInt8(digits[$0] * 16 + digits[$0 + 1]) }
    }
}
