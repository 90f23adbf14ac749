/// Writes AMQP's primitive types into memory whose size was computed beforehand.
///
/// Every length has been checked by then (`encodedSize()`), so writing cannot fail; writing over the end would be a
/// fault in the size computation and traps.
public struct WireWriter {
    // SAFETY: `memory` is the reserved tail of an output chunk, which its owner keeps alive for the writer's whole scope;
    // every write is checked against `memory.count` first.
    @usableFromInline let memory: UnsafeMutableRawBufferPointer

    @usableFromInline var position: Int

    /// The number of bytes written.
    @inlinable public var count: Int { position }

    /// Writes to the start of `memory`, which must outlive the writer.
    @inlinable
    public init(_ memory: UnsafeMutableRawBufferPointer) {
        self.memory = memory
        self.position = 0
    }

    @inlinable @inline(__always)
    mutating func advance(_ size: Int) -> Int {
        precondition(size >= 0 && size <= memory.count &- position, "encodedSize() was too small")
        defer { position &+= size }
        return position
    }

    /// Writes one byte; there must be room for it.
    @inlinable @inline(__always)
    public mutating func write(_ value: UInt8) {
        let position = advance(1)
        memory[position] = value
    }

    /// Writes an integer of two bytes, the most significant first; there must be room for it.
    @inlinable @inline(__always)
    public mutating func write(_ value: UInt16) {
        let position = advance(2)
        memory.storeBytes(of: value.bigEndian, toByteOffset: position, as: UInt16.self)
    }

    /// Writes an integer of four bytes, the most significant first; there must be room for it.
    @inlinable @inline(__always)
    public mutating func write(_ value: UInt32) {
        let position = advance(4)
        memory.storeBytes(of: value.bigEndian, toByteOffset: position, as: UInt32.self)
    }

    /// Writes an integer of eight bytes, the most significant first; there must be room for it.
    @inlinable @inline(__always)
    public mutating func write(_ value: UInt64) {
        let position = advance(8)
        memory.storeBytes(of: value.bigEndian, toByteOffset: position, as: UInt64.self)
    }

    /// Bytes without a length.
    @inlinable @inline(__always)
    public mutating func write(_ bytes: UnsafeRawBufferPointer) {
        let position = advance(bytes.count)
        guard let source = bytes.baseAddress, let target = memory.baseAddress else { return }
        (target + position).copyMemory(from: source, byteCount: bytes.count)
    }

    /// Bytes without a length, with a number in place of those at an offset.
    mutating func write(_ bytes: UnsafeRawBufferPointer, replacing offset: Int, with number: UInt64) {
        precondition(offset >= 0 && offset <= bytes.count - 8, "the number lies outside the bytes")
        let start = position
        write(bytes)
        memory.storeBytes(of: number.bigEndian, toByteOffset: start + offset, as: UInt64.self)
    }

    /// The UTF-8 bytes of a text, without a length.
    @inlinable
    public mutating func writeUTF8(_ text: String) {
        copyUTF8(text, to: advance(text.utf8.count))
    }

    /// Copies the UTF-8 bytes of a text to where room was made for them.
    @inlinable
    func copyUTF8(_ text: String, to position: Int) {
        let isCopied: Void? = text.utf8.withContiguousStorageIfAvailable { source in
            guard let source = source.baseAddress, let target = memory.baseAddress else { return }
            (target + position).copyMemory(from: source, byteCount: text.utf8.count)
        }
        if isCopied == nil {
            for (index, byte) in text.utf8.enumerated() { memory[position + index] = byte }
        }
    }

    /// A short string; the caller has checked that it has at most 255 bytes.
    @inlinable
    public mutating func writeShortString(_ text: String) {
        let size = text.utf8.count
        precondition(size <= 255, "encodedSize() accepted a short string of more than 255 bytes")
        let position = advance(1 &+ size)
        memory[position] = UInt8(truncatingIfNeeded: size)
        copyUTF8(text, to: position &+ 1)
    }

    /// A long string.
    @inlinable
    public mutating func writeLongString(_ text: String) {
        write(UInt32(text.utf8.count))
        writeUTF8(text)
    }

    /// A long string of any bytes.
    @inlinable
    public mutating func writeLongBytes(_ bytes: ByteSlice) {
        write(UInt32(bytes.count))
        bytes.withUnsafeBytes { write($0) }
    }
}

extension EncodingError {
    /// The encoded size of a short string: its length byte and its UTF-8 bytes, of which there may be 255.
    @inlinable
    public static func sizeOfShortString(_ text: String, field: @autoclosure () -> String) throws(EncodingError) -> Int
    {
        let size = text.utf8.count
        guard size <= 255 else {
            throw EncodingError(field: field(), reason: "a short string of \(size) bytes; at most 255 are allowed")
        }
        return 1 + size
    }

    /// The encoded size of a long string of `count` bytes: four length bytes and the bytes.
    @inlinable
    public static func sizeOfLongString(_ count: Int, field: @autoclosure () -> String) throws(EncodingError) -> Int {
        guard count <= Int(UInt32.max) else {
            throw EncodingError(
                field: field(), reason: "a long string of \(count) bytes; at most 4294967295 are allowed")
        }
        return 4 + count
    }
}
