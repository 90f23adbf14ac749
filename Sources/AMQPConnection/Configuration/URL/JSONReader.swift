import AMQPProtocol

/// Reads the JSON objects of a URL's query (RFC 8259) as tables, strictly: nothing is repaired, no key comes twice.
///
/// Objects become tables, arrays arrays; a number without fraction and exponent becomes an ``FieldValue/int32(_:)`` or
/// ``FieldValue/int64(_:)``, any other a ``FieldValue/double(_:)``; `null` becomes ``FieldValue/void``. Errors give the
/// position, never the text.
struct JSONReader {
    private let bytes: [UInt8]
    private var position = 0
    private let part: String

    /// Reads a text that is one object.
    ///
    /// - Parameter part: where the text comes from, for errors.
    static func table(_ text: String, part: String) throws(AMQPError) -> FieldTable {
        var reader = JSONReader(text, part: part)
        guard case .table(let table) = try reader.readValue(depth: 0) else {
            throw AMQPError(invalidURL: "\(part): a JSON object is expected")
        }
        guard reader.peek() == nil else { throw reader.unexpected("nothing more") }
        return table
    }

    private init(_ text: String, part: String) {
        self.bytes = Array(text.utf8)
        self.part = part
    }

    private mutating func readValue(depth: Int) throws(AMQPError) -> FieldValue {
        guard depth < FieldValue.maximumNesting else {
            throw AMQPError(invalidURL: "\(part): nested deeper than \(FieldValue.maximumNesting)")
        }
        switch peek() {
        case UInt8(ascii: "{"): return .table(try readObject(depth: depth))
        case UInt8(ascii: "["): return .array(try readArray(depth: depth))
        case UInt8(ascii: "\""): return .text(try readString())
        case UInt8(ascii: "t"): return try readWord("true", .boolean(true))
        case UInt8(ascii: "f"): return try readWord("false", .boolean(false))
        case UInt8(ascii: "n"): return try readWord("null", .void)
        default: return try readNumber()
        }
    }

    private mutating func readObject(depth: Int) throws(AMQPError) -> FieldTable {
        position += 1
        var entries: [(String, FieldValue)] = []
        var keys: Set<[UInt8]> = []
        if take("}") { return FieldTable() }
        repeat {
            guard peek() == UInt8(ascii: "\"") else { throw unexpected("a key in quotes") }
            let key = try readString()
            guard keys.insert(Array(key.utf8)).inserted else { throw unexpected("no key twice") }
            guard take(":") else { throw unexpected("a colon") }
            entries.append((key, try readValue(depth: depth + 1)))
        } while take(",")
        guard take("}") else { throw unexpected("a comma or }") }
        return FieldTable(entries)
    }

    private mutating func readArray(depth: Int) throws(AMQPError) -> [FieldValue] {
        position += 1
        var values: [FieldValue] = []
        if take("]") { return values }
        repeat {
            values.append(try readValue(depth: depth + 1))
        } while take(",")
        guard take("]") else { throw unexpected("a comma or ]") }
        return values
    }

    private mutating func readString() throws(AMQPError) -> String {
        position += 1
        var text: [UInt8] = []
        while let byte = next() {
            switch byte {
            case UInt8(ascii: "\""):
                // The bytes come from a String, and the escapes add whole scalars.
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"):
                text += String(Character(try readEscape())).utf8
            case 0 ..< 32:
                throw unexpected("no control character in a text")
            default:
                text.append(byte)
            }
        }
        throw unexpected("a closing quote")
    }

    private mutating func readEscape() throws(AMQPError) -> Unicode.Scalar {
        switch next() {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "/"): return "/"
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): break
        default: throw unexpected("an escape of JSON's")
        }
        let unit = try readCodeUnit()
        if let scalar = Unicode.Scalar(unit) { return scalar }
        guard UTF16.isLeadSurrogate(unit), next() == UInt8(ascii: "\\"), next() == UInt8(ascii: "u") else {
            throw unexpected("a pair of surrogates")
        }
        let trail = try readCodeUnit()
        guard UTF16.isTrailSurrogate(trail) else { throw unexpected("a pair of surrogates") }
        let value = 0x10000 + (UInt32(unit) & 0x3FF) << 10 + UInt32(trail) & 0x3FF
        guard let scalar = Unicode.Scalar(value) else { throw unexpected("a pair of surrogates") }
        return scalar
    }

    private mutating func readCodeUnit() throws(AMQPError) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0 ..< 4 {
            guard let digit = next().flatMap(PercentCoding.digit) else { throw unexpected("four hexadecimal digits") }
            unit = unit << 4 | UInt16(digit)
        }
        return unit
    }

    private mutating func readNumber() throws(AMQPError) -> FieldValue {
        let start = position
        _ = skip("-")
        let isZero = skip("0")
        guard isZero || skipDigits() else { throw unexpected("a value") }
        let isWhole = !hasNext(in: [UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E")])
        if skip("."), !skipDigits() { throw unexpected("a digit") }
        if skip("e") || skip("E") {
            if !skip("-") { _ = skip("+") }
            guard skipDigits() else { throw unexpected("a digit") }
        }
        let text = String(decoding: bytes[start ..< position], as: UTF8.self)
        if isWhole {
            guard let number = Int64(text) else { throw unexpected("a number of 64 bits") }
            return Int32(exactly: number).map { .int32($0) } ?? .int64(number)
        }
        guard let number = Double(text), number.isFinite else { throw unexpected("a number in a double's range") }
        return .double(number)
    }

    private mutating func readWord(_ word: StaticString, _ value: FieldValue) throws(AMQPError) -> FieldValue {
        for byte in "\(word)".utf8 where next() != byte { throw unexpected("a value") }
        return value
    }

    // MARK: Bytes

    private func unexpected(_ expectation: String) -> AMQPError {
        AMQPError(invalidURL: "\(part): \(expectation) is expected at byte \(position) of the JSON")
    }

    /// The next byte that is no white space, which is left in place.
    private mutating func peek() -> UInt8? {
        while position < bytes.count {
            switch bytes[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), UInt8(ascii: "\r"): position += 1
            case let byte: return byte
            }
        }
        return nil
    }

    /// Takes the byte if it comes next, white space aside.
    private mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard peek() == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    private mutating func next() -> UInt8? {
        guard position < bytes.count else { return nil }
        defer { position += 1 }
        return bytes[position]
    }

    private func hasNext(in set: [UInt8]) -> Bool {
        position < bytes.count && set.contains(bytes[position])
    }

    private mutating func skip(_ byte: Unicode.Scalar) -> Bool {
        guard hasNext(in: [UInt8(ascii: byte)]) else { return false }
        position += 1
        return true
    }

    private mutating func skipDigits() -> Bool {
        let start = position
        while position < bytes.count, bytes[position] >= UInt8(ascii: "0"), bytes[position] <= UInt8(ascii: "9") {
            position += 1
        }
        return position > start
    }
}
