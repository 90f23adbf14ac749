extension FieldValue {
    /// The size of the tag and the value in bytes.
    ///
    /// - Throws: An ``EncodingError`` that names the place if a key is longer than 255 bytes, a text, array or table
    ///   longer than 4,294,967,295, or tables and arrays are nested deeper than ``maximumNesting``.
    public func encodedSize(field: String = "value") throws(EncodingError) -> Int {
        do throws(EncodingError) {
            return try encodedSize(depth: 0, maximumLength: FieldValue.maximumLength)
        } catch {
            throw error.inside(field)
        }
    }

    /// Writes the tag and the value; ``encodedSize(field:)`` has accepted the value and the writer has room for it.
    public func encode(into writer: inout WireWriter) {
        writer.write(tag)
        switch self {
        case .boolean(let value): writer.write(value ? 1 as UInt8 : 0)
        case .int8(let value): writer.write(UInt8(bitPattern: value))
        case .uint8(let value): writer.write(value)
        case .int16(let value): writer.write(UInt16(bitPattern: value))
        case .uint16(let value): writer.write(value)
        case .int32(let value): writer.write(UInt32(bitPattern: value))
        case .uint32(let value): writer.write(value)
        case .int64(let value): writer.write(UInt64(bitPattern: value))
        case .float(let value): writer.write(value.bitPattern)
        case .double(let value): writer.write(value.bitPattern)
        case .decimal(let value):
            writer.write(value.scale)
            writer.write(UInt32(bitPattern: value.value))
        case .text(let text): writer.writeLongString(text)
        case .textBytes(let bytes), .byteArray(let bytes): writer.writeLongBytes(bytes)
        case .array(let values):
            let start = writer.openNested()
            for value in values { value.encode(into: &writer) }
            writer.closeNested(start)
        case .timestamp(let seconds): writer.write(seconds)
        case .table(let table): table.encode(into: &writer)
        case .void: break
        }
    }

    /// The size of the tag and the value.
    ///
    /// - Parameters:
    ///   - depth: the number of tables and arrays that are open around the value.
    ///   - maximumLength: the most bytes in one text, array or table.
    /// - Throws: An ``EncodingError`` whose field is the path below this value.
    func encodedSize(depth: Int, maximumLength: Int) throws(EncodingError) -> Int {
        switch self {
        case .void: return 1
        case .boolean, .int8, .uint8: return 2
        case .int16, .uint16: return 3
        case .int32, .uint32, .float: return 5
        case .decimal: return 6
        case .int64, .double, .timestamp: return 9
        case .text(let text):
            return try FieldValue.checkLength(text.utf8.count, of: "text", maximumLength) + 5
        case .textBytes(let bytes):
            return try FieldValue.checkLength(bytes.count, of: "text", maximumLength) + 5
        case .byteArray(let bytes):
            return try FieldValue.checkLength(bytes.count, of: "byte array", maximumLength) + 5
        case .table(let table):
            return try table.encodedSize(depth: depth, maximumLength: maximumLength) + 1
        case .array(let values):
            try FieldValue.checkNesting(depth)
            var size = 0
            for (index, value) in values.enumerated() {
                do throws(EncodingError) {
                    size += try value.encodedSize(depth: depth + 1, maximumLength: maximumLength)
                } catch {
                    throw error.inside("[\(index)]")
                }
                _ = try FieldValue.checkLength(size, of: "array", maximumLength)
            }
            return size + 5
        }
    }

    /// Throws unless one more table or array may be opened.
    static func checkNesting(_ depth: Int) throws(EncodingError) {
        guard depth < maximumNesting else {
            throw EncodingError(field: "", reason: "tables and arrays nested deeper than \(maximumNesting)")
        }
    }

    /// The length, if it can be expressed.
    static func checkLength(_ count: Int, of what: String, _ maximum: Int) throws(EncodingError) -> Int {
        guard count <= maximum else {
            throw EncodingError(field: "", reason: "a \(what) of \(count) bytes; at most \(maximum) are allowed")
        }
        return count
    }
}

extension EncodingError {
    /// The same error, its place seen from one level further out.
    func inside(_ place: String) -> EncodingError {
        let separator = field.isEmpty || field.hasPrefix("[") ? "" : "."
        return EncodingError(field: place + separator + field, reason: reason)
    }
}

extension WireWriter {
    /// Leaves room for the length of a table or array and gives its position.
    mutating func openNested() -> Int {
        let start = count
        write(0 as UInt32)
        return start
    }

    /// Writes the length of what was written since ``openNested()`` into the room left for it.
    mutating func closeNested(_ start: Int) {
        let length = UInt32(truncatingIfNeeded: count - start - 4)
        memory.storeBytes(of: length.bigEndian, toByteOffset: start, as: UInt32.self)
    }
}
