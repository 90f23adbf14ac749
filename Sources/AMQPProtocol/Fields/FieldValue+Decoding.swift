extension FieldValue {
    /// Reads a tag and the value behind it.
    ///
    /// - Throws: A ``ProtocolError`` of kind `syntax` if the tag is unknown, the value reaches over the bytes that are
    ///   left or tables and arrays are nested deeper than ``maximumNesting``; nothing is consumed then.
    public init(from reader: inout WireReader) throws(ProtocolError) {
        let start = reader.offset
        do throws(ProtocolError) {
            try self.init(from: &reader, depth: 0)
        } catch {
            reader.seek(to: start)
            throw error
        }
    }

    /// - Parameter depth: the number of tables and arrays that are open around the value.
    init(from reader: inout WireReader, depth: Int) throws(ProtocolError) {
        let tagOffset = reader.offset
        let tag = try reader.readUInt8()
        switch tag {
        case UInt8(ascii: "t"): self = .boolean(try reader.readUInt8() != 0)
        case UInt8(ascii: "b"): self = .int8(Int8(bitPattern: try reader.readUInt8()))
        case UInt8(ascii: "B"): self = .uint8(try reader.readUInt8())
        case UInt8(ascii: "s"), UInt8(ascii: "U"): self = .int16(Int16(bitPattern: try reader.readUInt16()))
        case UInt8(ascii: "u"): self = .uint16(try reader.readUInt16())
        case UInt8(ascii: "I"): self = .int32(Int32(bitPattern: try reader.readUInt32()))
        case UInt8(ascii: "i"): self = .uint32(try reader.readUInt32())
        case UInt8(ascii: "l"), UInt8(ascii: "L"): self = .int64(Int64(bitPattern: try reader.readUInt64()))
        case UInt8(ascii: "f"): self = .float(Float(bitPattern: try reader.readUInt32()))
        case UInt8(ascii: "d"): self = .double(Double(bitPattern: try reader.readUInt64()))
        case UInt8(ascii: "D"):
            let scale = try reader.readUInt8()
            self = .decimal(FieldDecimal(scale: scale, value: Int32(bitPattern: try reader.readUInt32())))
        case UInt8(ascii: "S"):
            let bytes = try reader.readLongBytes()
            self = String(utf8Bytes: bytes).map { .text($0) } ?? .textBytes(ByteSlice(copying: bytes))
        case UInt8(ascii: "x"): self = .byteArray(ByteSlice(copying: try reader.readLongBytes()))
        case UInt8(ascii: "A"): self = .array(try FieldValue.readArray(from: &reader, depth: depth))
        case UInt8(ascii: "T"): self = .timestamp(try reader.readUInt64())
        case UInt8(ascii: "F"): self = .table(try FieldTable(from: &reader, depth: depth))
        case UInt8(ascii: "V"): self = .void
        default:
            reader.seek(to: tagOffset)
            throw reader.syntaxError("unknown field type \(tag)")
        }
    }

    private static func readArray(from reader: inout WireReader, depth: Int) throws(ProtocolError) -> [FieldValue] {
        let end = try reader.openNested(depth: depth)
        var values: [FieldValue] = []
        while reader.offset < end {
            values.append(try FieldValue(from: &reader, depth: depth + 1))
        }
        try reader.closeNested(end)
        return values
    }
}

extension WireReader {
    /// Reads the length of a table or array and gives the position behind its last byte.
    ///
    /// The values inside are checked against the reader's end as they are read and against this one by
    /// ``closeNested(_:)``; nothing is allocated for a length that is only announced.
    mutating func openNested(depth: Int) throws(ProtocolError) -> Int {
        guard depth < FieldValue.maximumNesting else {
            throw syntaxError("tables and arrays nested deeper than \(FieldValue.maximumNesting)")
        }
        let count = Int(try readUInt32())
        guard count <= remaining else { throw tooShort(count) }
        return offset + count
    }

    /// Throws unless the last value of a table or array ended where its length says.
    func closeNested(_ end: Int) throws(ProtocolError) {
        guard offset == end else { throw syntaxError("a value reaches \(offset - end) bytes over its table or array") }
    }
}
