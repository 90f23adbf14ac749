extension FieldTable {
    /// Reads a table: four bytes of length, then names and tagged values.
    ///
    /// - Throws: A ``ProtocolError`` of kind `syntax` if the table is malformed (an unknown tag, a key that is not UTF-8,
    ///   a length that does not fit, nesting deeper than ``FieldValue/maximumNesting``); nothing is consumed then.
    public init(from reader: inout WireReader) throws(ProtocolError) {
        let start = reader.offset
        do throws(ProtocolError) {
            try self.init(from: &reader, depth: 0)
        } catch {
            reader.seek(to: start)
            throw error
        }
    }

    init(from reader: inout WireReader, depth: Int) throws(ProtocolError) {
        let end = try reader.openNested(depth: depth)
        var entries: [Entry] = []
        while reader.offset < end {
            let key = try reader.readShortString()
            entries.append(Entry(key: key, value: try FieldValue(from: &reader, depth: depth + 1)))
        }
        try reader.closeNested(end)
        self.init()
        self.entries = entries
    }

    /// The size of the encoded table in bytes, its length included.
    ///
    /// - Parameter field: what the table is, in the specification's words; errors name it.
    /// - Throws: An ``EncodingError`` that names the place if a key is longer than 255 bytes, a text, array or table
    ///   longer than 4,294,967,295, or tables and arrays are nested deeper than ``FieldValue/maximumNesting``.
    public func encodedSize(field: String = "table") throws(EncodingError) -> Int {
        if entries.isEmpty { return 4 }
        do throws(EncodingError) {
            return try encodedSize(depth: 0, maximumLength: FieldValue.maximumLength)
        } catch {
            throw error.inside(field)
        }
    }

    /// Writes the table; ``encodedSize(field:)`` has accepted it and the writer has room for it.
    public func encode(into writer: inout WireWriter) {
        let start = writer.openNested()
        for entry in entries {
            writer.writeShortString(entry.key)
            entry.value.encode(into: &writer)
        }
        writer.closeNested(start)
    }

    /// The size of the length and the entries; errors name the path below the table.
    func encodedSize(depth: Int, maximumLength: Int) throws(EncodingError) -> Int {
        try FieldValue.checkNesting(depth)
        var size = 0
        for entry in entries {
            do throws(EncodingError) {
                size += try EncodingError.sizeOfShortString(entry.key, field: "")
                size += try entry.value.encodedSize(depth: depth + 1, maximumLength: maximumLength)
            } catch {
                throw error.inside(BoundedText.shortened(entry.key))
            }
            _ = try FieldValue.checkLength(size, of: "table", maximumLength)
        }
        return size + 4
    }
}
