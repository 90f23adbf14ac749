internal import AMQPConnection

/// Bytes in which each place can be told from its neighbours, so that what is lost, doubled or moved is found.
///
/// Megabytes of them are made and compared fast also without optimisation: the pattern repeats after a prime number of
/// bytes, and long runs are compared at places that are a prime number apart.
enum Pattern {
    private static let block = (0 ..< 65_521).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

    /// The first `count` bytes of the pattern.
    static func bytes(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count { bytes += block.prefix(count - bytes.count) }
        return bytes
    }

    /// Whether these are the first `count` bytes of the pattern.
    static func matches(_ bytes: [UInt8], count: Int) -> Bool {
        guard bytes.count == count else { return false }
        let step = count > 100_000 ? 127 : 1
        return stride(from: 0, to: count, by: step).allSatisfy { bytes[$0] == block[$0 % block.count] }
    }

    /// Whether the slice holds the first `count` bytes of the pattern.
    static func matches(_ slice: ByteSlice, count: Int) -> Bool {
        var bytes: [UInt8] = []
        bytes.append(copying: slice)
        return matches(bytes, count: count)
    }
}
