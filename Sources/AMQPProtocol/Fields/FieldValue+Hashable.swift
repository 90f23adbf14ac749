extension FieldValue: Hashable {
    /// Whether both have the same bytes on the wire, the order of a table's keys aside.
    public static func == (left: FieldValue, right: FieldValue) -> Bool {
        FieldComparison.equal(left, right)
    }

    public func hash(into hasher: inout Hasher) {
        hash(into: &hasher, depth: 0)
    }

    /// Hashes no deeper than the nesting limit: what lies below still counts for equality.
    func hash(into hasher: inout Hasher, depth: Int) {
        hasher.combine(tag)
        switch self {
        case .boolean(let value): hasher.combine(value)
        case .int8(let value): hasher.combine(value)
        case .uint8(let value): hasher.combine(value)
        case .int16(let value): hasher.combine(value)
        case .uint16(let value): hasher.combine(value)
        case .int32(let value): hasher.combine(value)
        case .uint32(let value): hasher.combine(value)
        case .int64(let value): hasher.combine(value)
        case .float(let value): hasher.combine(value.bitPattern)
        case .double(let value): hasher.combine(value.bitPattern)
        case .decimal(let value): hasher.combine(value)
        case .text(let text): hasher.combine(text)
        case .textBytes(let bytes), .byteArray(let bytes): hasher.combine(bytes)
        case .array(let values):
            hasher.combine(values.count)
            guard depth < FieldValue.maximumNesting else { return }
            for value in values { value.hash(into: &hasher, depth: depth + 1) }
        case .timestamp(let seconds): hasher.combine(seconds)
        case .table(let table): table.hash(into: &hasher, depth: depth)
        case .void: break
        }
    }
}
