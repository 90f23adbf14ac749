extension String {
    /// The bytes as text, or `nil` if they are not UTF-8.
    ///
    /// Most texts of the protocol are ASCII, for which the standard library's general validation costs several times as
    /// much as making the string.
    @usableFromInline
    init?(utf8Bytes bytes: UnsafeRawBufferPointer) {
        if bytes.isASCII {
            self.init(decoding: bytes, as: UTF8.self)
        } else {
            self.init(validating: bytes, as: UTF8.self)
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether no byte has its highest bit set.
    fileprivate var isASCII: Bool {
        var position = 0
        while count - position >= 8 {
            guard loadUnaligned(fromByteOffset: position, as: UInt64.self) & 0x8080_8080_8080_8080 == 0 else {
                return false
            }
            position += 8
        }
        while position < count {
            guard self[position] < 0x80 else { return false }
            position += 1
        }
        return true
    }
}
