internal import AMQPConnection

extension [UInt8] {
    /// Appends a slice in one copy; as a collection it would go byte by byte without optimisation.
    mutating func append(copying slice: ByteSlice) {
        slice.withUnsafeBytes { append(contentsOf: $0) }
    }
}
