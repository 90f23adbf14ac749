import AMQPConnection
import AMQPProtocol

/// The bytes that wait to be sent, as slices of shared chunks: nothing is copied, and a steady state allocates nothing.
struct SegmentQueue {
    private var segments: [ByteSlice] = []
    private var head = 0

    /// The number of bytes in the queue.
    private(set) var byteCount = 0

    var isEmpty: Bool { byteCount == 0 }

    /// Puts bytes behind the others.
    mutating func append(_ bytes: ByteSlice) {
        guard !bytes.isEmpty else { return }
        segments.append(bytes)
        byteCount += bytes.count
    }

    /// Drops everything.
    mutating func removeAll() {
        segments = []
        head = 0
        byteCount = 0
    }

    /// Sends as much as the socket takes, in calls of up to 64 segments.
    ///
    /// - Returns: the number of bytes that were sent. It is less than ``byteCount`` was if the socket is full, or after
    ///   16 calls, so that a fast peer does not hold up everybody else.
    mutating func send(to descriptor: Int32) throws(SystemError) -> Int {
        var total = 0
        var calls = 0
        while byteCount > 0 && calls < 16 {
            let count: Int?
            if head == segments.count - 1 {
                count = try System.send(descriptor, segments[head])
            } else {
                count = try System.send(descriptor, segments[head...])
            }
            guard let count else { break }
            removeFirst(count)
            total += count
            calls += 1
        }
        return total
    }

    private mutating func removeFirst(_ count: Int) {
        byteCount -= count
        var left = count
        while head < segments.count && left >= segments[head].count {
            left -= segments[head].count
            segments[head] = ByteSlice()
            head += 1
        }
        if head == segments.count {
            segments.removeAll(keepingCapacity: true)
            head = 0
        } else {
            segments[head] = segments[head].dropFirst(left)
            if head >= 256 && head * 2 >= segments.count {
                segments.removeSubrange(..<head)
                head = 0
            }
        }
    }
}
