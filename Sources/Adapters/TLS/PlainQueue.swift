import AMQPProtocol

/// Plain bytes that wait to be encrypted, as slices of shared chunks.
///
/// A record is made of one large slice, or of small ones gathered: heads of frames do not become records of their own.
struct PlainQueue {
    /// What one record holds at most (RFC 8446, section 5.1).
    static let recordSize = 16384

    private var slices: [ByteSlice] = []
    private var head = 0
    private let gathered = Chunk(capacity: PlainQueue.recordSize)

    private(set) var byteCount = 0

    var isEmpty: Bool { byteCount == 0 }

    mutating func append(_ bytes: ByteSlice) {
        guard !bytes.isEmpty else { return }
        slices.append(bytes)
        byteCount += bytes.count
    }

    mutating func removeAll() {
        slices = []
        head = 0
        byteCount = 0
    }

    /// Calls `body` with the bytes of the next record: at most 16 KiB, at least the first slice's as far as they fit.
    ///
    /// The same bytes come again, perhaps with more behind them, until they are removed.
    func withNextRecord<Value>(_ body: (UnsafeRawBufferPointer) -> Value) -> Value {
        let first = head < slices.count ? slices[head] : ByteSlice()
        // A slice that is large or alone is encrypted where it lies.
        if first.count >= PlainQueue.recordSize / 4 || first.count == byteCount {
            return first.prefix(PlainQueue.recordSize).withUnsafeBytes(body)
        }
        let memory = UnsafeMutableRawBufferPointer(rebasing: gathered.writable(from: 0)[..<PlainQueue.recordSize])
        var filled = 0
        var position = head
        while position < slices.count && filled < memory.count {
            let part = slices[position].prefix(memory.count - filled)
            // SAFETY: `part` has at most as many bytes as are left of the memory, which nobody else looks at.
            part.withUnsafeBytes { UnsafeMutableRawBufferPointer(rebasing: memory[filled...]).copyMemory(from: $0) }
            filled += part.count
            position += 1
        }
        return body(UnsafeRawBufferPointer(rebasing: memory[..<filled]))
    }

    mutating func removeFirst(_ count: Int) {
        byteCount -= count
        var left = count
        while head < slices.count && left >= slices[head].count {
            left -= slices[head].count
            slices[head] = ByteSlice()
            head += 1
        }
        if head == slices.count {
            slices.removeAll(keepingCapacity: true)
            head = 0
        } else {
            slices[head] = slices[head].dropFirst(left)
            if head >= 256 && head * 2 >= slices.count {
                slices.removeSubrange(..<head)
                head = 0
            }
        }
    }
}
