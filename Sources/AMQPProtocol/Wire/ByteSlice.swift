/// A run of immutable bytes inside a shared ``Chunk``: what a message body, a table or an output segment is made of.
///
/// Copying a slice costs one retain. A slice keeps its whole chunk alive (up to 1 MiB for received data), so bytes that
/// are kept for long are better kept as ``copied()``.
public struct ByteSlice: Sendable {
    @usableFromInline let chunk: Chunk?
    @usableFromInline let offset: Int

    /// The number of bytes.
    public let count: Int

    /// The bytes `offset ..< offset + count` of a chunk.
    ///
    /// The caller promises not to write to them any more.
    @inlinable
    package init(chunk: Chunk, offset: Int, count: Int) {
        precondition(offset >= 0 && count >= 0 && count <= chunk.capacity && offset <= chunk.capacity - count)
        self.chunk = chunk
        self.offset = offset
        self.count = count
    }

    /// The slice of no bytes.
    @inlinable
    public init() {
        self.chunk = nil
        self.offset = 0
        self.count = 0
    }

    /// Copies bytes into a chunk of their own.
    public init(copying bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else {
            self.init()
            return
        }
        let chunk = Chunk(capacity: bytes.count)
        chunk.writable(from: 0).copyMemory(from: bytes)
        self.init(chunk: chunk, offset: 0, count: bytes.count)
    }

    /// Copies any collection of bytes into a chunk of its own.
    public init(_ bytes: some Collection<UInt8>) {
        if let slice = bytes.withContiguousStorageIfAvailable({ ByteSlice(copying: UnsafeRawBufferPointer($0)) }) {
            self = slice
        } else {
            self = Array(bytes).withUnsafeBytes { ByteSlice(copying: $0) }
        }
    }

    /// The UTF-8 bytes of a text.
    public init(utf8 text: String) {
        self.init(text.utf8)
    }

    /// Calls `body` with the bytes; the pointer must not outlive the call.
    @inlinable
    public func withUnsafeBytes<Value, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Value
    ) throws(Failure) -> Value {
        guard let chunk else { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
        defer { withExtendedLifetime(chunk) {} }
        return try body(UnsafeRawBufferPointer(start: chunk.base + offset, count: count))
    }

    /// The same bytes in a chunk of their own, so that they no longer keep a larger one alive.
    public func copied() -> ByteSlice {
        withUnsafeBytes { ByteSlice(copying: $0) }
    }

    /// The bytes as text; what is not UTF-8 is replaced by U+FFFD.
    public var text: String {
        withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    /// The bytes as text, or `nil` if they are not UTF-8.
    public var validText: String? {
        withUnsafeBytes { String(utf8Bytes: $0) }
    }

    /// The slice without its first `count` bytes; empty if there are no more.
    @inlinable
    public func dropFirst(_ count: Int) -> ByteSlice {
        guard let chunk, count < self.count else { return ByteSlice() }
        let dropped = Swift.max(count, 0)
        return ByteSlice(chunk: chunk, offset: offset + dropped, count: self.count - dropped)
    }

    /// The first `count` bytes, or all of them if there are fewer.
    @inlinable
    public func prefix(_ count: Int) -> ByteSlice {
        guard let chunk, count > 0 else { return ByteSlice() }
        return ByteSlice(chunk: chunk, offset: offset, count: Swift.min(count, self.count))
    }
}

extension ByteSlice: RandomAccessCollection {
    /// A part of a slice is a slice that shares its memory.
    public typealias SubSequence = ByteSlice

    /// Always 0, in parts of other slices, too.
    @inlinable public var startIndex: Int { 0 }
    /// The number of bytes.
    @inlinable public var endIndex: Int { count }

    /// The byte at a position that counts from 0; a position outside is a programming error, which traps.
    @inlinable
    public subscript(position: Int) -> UInt8 {
        precondition(position >= 0 && position < count, "index out of range")
        return withUnsafeBytes { $0[position] }
    }

    /// The bytes of a range; its indices count from 0, unlike those of an `ArraySlice`.
    @inlinable
    public subscript(bounds: Range<Int>) -> ByteSlice {
        precondition(bounds.lowerBound >= 0 && bounds.upperBound <= count, "range out of bounds")
        return prefix(bounds.upperBound).dropFirst(bounds.lowerBound)
    }

    /// Calls `body` with the bytes, which are valid during the call only; never `nil`.
    @inlinable
    public func withContiguousStorageIfAvailable<Value>(
        _ body: (UnsafeBufferPointer<UInt8>) throws -> Value
    ) rethrows -> Value? {
        try withUnsafeBytes { try body($0.assumingMemoryBound(to: UInt8.self)) }
    }
}

extension ByteSlice: Hashable {
    public static func == (left: ByteSlice, right: ByteSlice) -> Bool {
        left.withUnsafeBytes { left in right.withUnsafeBytes { right in left.hasSameBytes(as: right) } }
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        withUnsafeBytes { hasher.combine(bytes: $0) }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the other memory has the same length and content; eight bytes are compared at a time.
    @inlinable
    package func hasSameBytes(as other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        var position = 0
        while count &- position >= 8 {
            guard number(at: position, as: UInt64.self) == other.number(at: position, as: UInt64.self)
            else { return false }
            position &+= 8
        }
        // The rest once more with the bytes in front of it, if there are that many: one comparison instead of seven.
        if position < count, position > 0 {
            return number(at: count &- 8, as: UInt64.self) == other.number(at: count &- 8, as: UInt64.self)
        }
        while position < count {
            guard self[position] == other[position] else { return false }
            position &+= 1
        }
        return true
    }
}

extension ByteSlice: ExpressibleByArrayLiteral {
    /// A copy of the bytes that are listed.
    public init(arrayLiteral elements: UInt8...) {
        self.init(elements)
    }
}

extension ByteSlice: CustomStringConvertible {
    /// The length and at most the first 32 bytes in hexadecimal, so that printing a body is never expensive.
    public var description: String {
        let shown = prefix(32).map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        return "\(count) bytes [\(shown.joined(separator: " "))\(count > 32 ? " …" : "")]"
    }
}
