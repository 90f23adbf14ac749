/// Reads AMQP's primitive types from a run of bytes, checking every length against what is left.
///
/// All numbers are big endian (specification 4.2.5). A read that fails consumes nothing and throws; a read that
/// succeeds has consumed all that it decoded.
public struct WireReader {
    // SAFETY: `bytes` is only made by `ByteSlice.withReader` and `Chunk`-holding callers, which keep the memory alive for
    // the reader's whole scope; every access is checked against `bytes.count` first.
    @usableFromInline let bytes: UnsafeRawBufferPointer

    /// The position of the next byte; always within the bytes or at their end.
    @inlinable public var offset: Int { position }

    @usableFromInline var position: Int

    /// The method whose arguments are being read; errors name it.
    public var method: MethodID?

    /// Reads from the start of `bytes`, which must outlive the reader.
    @inlinable
    public init(_ bytes: UnsafeRawBufferPointer, method: MethodID? = nil) {
        self.bytes = bytes
        self.position = 0
        self.method = method
    }

    /// The number of bytes that have not been read.
    @inlinable public var remaining: Int { bytes.count - position }

    /// Goes to another position; to the nearest one there is, if it lies outside the bytes.
    package mutating func seek(to offset: Int) {
        position = min(max(offset, 0), bytes.count)
    }

    /// A syntax error at the current position.
    public func syntaxError(_ reason: String) -> ProtocolError {
        ProtocolError(.syntax, method: method, offset: offset, reason: reason)
    }

    @usableFromInline
    func tooShort(_ needed: Int) -> ProtocolError {
        syntaxError("a field of \(needed) bytes reaches over the \(remaining) bytes that are left")
    }

    /// Reads one byte; throws if none is left.
    @inlinable
    public mutating func readUInt8() throws(ProtocolError) -> UInt8 {
        guard remaining >= 1 else { throw tooShort(1) }
        defer { position += 1 }
        return bytes[offset]
    }

    /// Reads an integer of two bytes, the most significant first; throws if fewer are left.
    @inlinable
    public mutating func readUInt16() throws(ProtocolError) -> UInt16 {
        guard remaining >= 2 else { throw tooShort(2) }
        defer { position += 2 }
        return UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt16.self))
    }

    /// Reads an integer of four bytes, the most significant first; throws if fewer are left.
    @inlinable
    public mutating func readUInt32() throws(ProtocolError) -> UInt32 {
        guard remaining >= 4 else { throw tooShort(4) }
        defer { position += 4 }
        return UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// Reads an integer of eight bytes, the most significant first; throws if fewer are left.
    @inlinable
    public mutating func readUInt64() throws(ProtocolError) -> UInt64 {
        guard remaining >= 8 else { throw tooShort(8) }
        defer { position += 8 }
        return UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// The next `count` bytes, in place.
    @inlinable
    public mutating func readBytes(_ count: Int) throws(ProtocolError) -> UnsafeRawBufferPointer {
        guard count >= 0, count <= remaining else { throw tooShort(count) }
        defer { position += count }
        return UnsafeRawBufferPointer(rebasing: bytes[offset ..< offset + count])
    }

    /// A short string (one length byte, at most 255 bytes) that must be UTF-8.
    @inlinable
    public mutating func readShortString() throws(ProtocolError) -> String {
        let start = offset
        let raw = try readShortBytes()
        guard let text = String(utf8Bytes: raw) else {
            position = start
            throw syntaxError("a short string that is not UTF-8")
        }
        return text
    }

    /// A short string whose bytes that are not UTF-8 are replaced by U+FFFD: for texts that are only read by people.
    @inlinable
    public mutating func readShortStringRepairing() throws(ProtocolError) -> String {
        String(decoding: try readShortBytes(), as: UTF8.self)
    }

    /// The bytes of a short string, in place.
    @inlinable
    public mutating func readShortBytes() throws(ProtocolError) -> UnsafeRawBufferPointer {
        let start = offset
        let count = Int(try readUInt8())
        guard count <= remaining else {
            defer { position = start }
            throw tooShort(count)
        }
        return try readBytes(count)
    }

    /// The bytes of a long string (four length bytes), in place.
    @inlinable
    public mutating func readLongBytes() throws(ProtocolError) -> UnsafeRawBufferPointer {
        let start = offset
        let count = Int(try readUInt32())
        guard count <= remaining else {
            defer { position = start }
            throw tooShort(count)
        }
        return try readBytes(count)
    }

    /// Throws unless everything has been read.
    @inlinable
    public func expectEnd() throws(ProtocolError) {
        guard remaining == 0 else { throw syntaxError("\(remaining) bytes behind the last field") }
    }
}

extension ByteSlice {
    /// Calls `body` with a reader over the bytes; the reader must not outlive the call.
    @inlinable
    public func withReader<Value>(
        method: MethodID? = nil, _ body: (inout WireReader) throws(ProtocolError) -> Value
    ) throws(ProtocolError) -> Value {
        try withUnsafeBytes { (bytes) throws(ProtocolError) -> Value in
            var reader = WireReader(bytes, method: method)
            return try body(&reader)
        }
    }
}
