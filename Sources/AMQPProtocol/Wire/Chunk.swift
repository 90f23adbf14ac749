/// A reference-counted block of memory that bytes are received into, encoded into, and shared from.
///
/// A chunk has one writer (a receive buffer, an output buffer, or the assembler of one large body) and any number of
/// readers, each holding a ``ByteSlice``. The writer only ever writes behind the bytes that it has handed out; it starts
/// again from the front only when it is the chunk's sole owner.
// SAFETY: the memory lives exactly as long as the object. Bytes covered by a `ByteSlice` are immutable: every writer
// appends behind what it has handed out, and rewinds only after `isKnownUniquelyReferenced` said that it is alone.
public final class Chunk: @unchecked Sendable {
    /// The first byte of the block.
    @usableFromInline package let base: UnsafeMutableRawPointer

    /// The size of the block in bytes.
    public let capacity: Int

    /// Allocates a block whose content is not initialised; the operating system commits its pages as they are touched.
    ///
    /// - Parameter capacity: the size in bytes; values below 1 count as 1.
    public init(capacity: Int) {
        self.capacity = max(capacity, 1)
        self.base = UnsafeMutableRawPointer.allocate(byteCount: self.capacity, alignment: 16)
    }

    deinit {
        base.deallocate()
    }

    /// The memory from `offset` to the end, for the chunk's one writer.
    @inlinable
    package func writable(from offset: Int) -> UnsafeMutableRawBufferPointer {
        precondition(offset >= 0 && offset <= capacity)
        return UnsafeMutableRawBufferPointer(start: base + offset, count: capacity - offset)
    }
}
