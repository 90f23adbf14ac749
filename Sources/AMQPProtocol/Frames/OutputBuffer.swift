/// Collects what is to be sent: encoded bytes side by side in chunks, large bodies by reference in between.
///
/// Encoding is always two steps, size first: what does not fit the protocol is refused before a byte is written.
/// While the receiver of the segments sends all of them at once, one chunk is used again and again.
public struct OutputBuffer: Sendable {
    /// The size of a chunk; larger pieces get one of their own.
    public static let chunkSize = 65_536
    /// Bodies of at least this size are not copied.
    public static let referenceThreshold = 16_384

    @usableFromInline var chunk = Chunk(capacity: 0)
    @usableFromInline var start = 0
    @usableFromInline var end = 0
    private var segments: [ByteSlice] = []

    /// The number of bytes that wait to be taken.
    public internal(set) var byteCount = 0

    /// The number of frames that have been appended, ever.
    public internal(set) var frameCount: UInt64 = 0

    /// Makes an empty buffer; it allocates with the first byte.
    public init() {}

    /// Whether nothing waits.
    public var isEmpty: Bool { byteCount == 0 }

    /// Appends `size` bytes that `encode` writes.
    @inlinable
    public mutating func append(size: Int, _ encode: (inout WireWriter) -> Void) {
        if chunk.capacity - end < size { makeRoom(for: size) }
        var writer = WireWriter(UnsafeMutableRawBufferPointer(rebasing: chunk.writable(from: end)[..<size]))
        encode(&writer)
        precondition(writer.count == size, "encodedSize() did not match what was written")
        advance(by: size)
    }

    @usableFromInline
    mutating func countFrames(_ count: Int) {
        frameCount &+= UInt64(count)
    }

    @usableFromInline
    mutating func advance(by size: Int) {
        end += size
        byteCount += size
    }

    /// Appends bytes by reference: they are not copied.
    public mutating func append(_ bytes: ByteSlice) {
        guard !bytes.isEmpty else { return }
        seal()
        segments.append(bytes)
        byteCount += bytes.count
    }

    @usableFromInline
    mutating func makeRoom(for size: Int) {
        seal()
        if !isKnownUniquelyReferenced(&chunk) || chunk.capacity < max(size, OutputBuffer.chunkSize) {
            chunk = Chunk(capacity: max(size, OutputBuffer.chunkSize))
        }
        start = 0
        end = 0
    }

    /// Ends the current run of encoded bytes.
    private mutating func seal() {
        guard end > start else { return }
        segments.append(ByteSlice(chunk: chunk, offset: start, count: end - start))
        start = end
    }

    /// Takes all that waits, if it lies side by side in one chunk, as it usually does; else nothing is taken.
    package mutating func takeRun() -> ByteSlice? {
        guard segments.isEmpty, end > start else { return nil }
        defer {
            start = end
            byteCount = 0
        }
        return ByteSlice(chunk: chunk, offset: start, count: end - start)
    }

    /// Takes all that waits, in order.
    package mutating func takeSegments() -> [ByteSlice] {
        seal()
        byteCount = 0
        defer { segments = [] }
        return segments
    }

    /// Hands all that waits to `take`, in order, and is empty then.
    public mutating func takeAll(_ take: (ByteSlice) -> Void) {
        byteCount = 0
        if segments.isEmpty {
            guard end > start else { return }
            let slice = ByteSlice(chunk: chunk, offset: start, count: end - start)
            start = end
            take(slice)
        } else {
            seal()
            for segment in segments { take(segment) }
            segments.removeAll(keepingCapacity: segments.count <= 64)
        }
    }

    /// Uses the chunk again from its start if nobody else holds it: call it when what was taken has been sent.
    public mutating func rewind() {
        guard start == end, segments.isEmpty, isKnownUniquelyReferenced(&chunk) else { return }
        start = 0
        end = 0
    }

    /// Forgets all that waits.
    public mutating func removeAll() {
        takeAll { _ in }
    }
}
