extension FrameDecoder {
    /// Where the next frame begins; it holds until more bytes are received.
    @inlinable package var position: Int { readIndex }

    /// The heads of frames that were handed out, in order.
    ///
    /// - Parameters:
    ///   - position: what ``position`` was before.
    ///   - limit: how many of them, the first ones.
    package func heads(from position: Int, limit: Int) -> [FrameHead] {
        guard position >= 0, position < readIndex, readIndex <= writeIndex else { return [] }
        var walk = FrameHeadWalk(limit: limit)
        walk.look(at: UnsafeRawBufferPointer(rebasing: chunk.writable(from: 0)[position ..< readIndex]))
        return walk.heads
    }

    /// The heads of the last frames that were handed out, and of the one that could not be.
    ///
    /// - Parameters:
    ///   - position: what ``position`` was before: the walk begins there.
    ///   - count: how many of them, the last ones.
    package func lastHeads(from position: Int, count: Int) -> [FrameHead] {
        guard position >= 0, position <= readIndex, readIndex <= writeIndex else { return [] }
        let bytes = UnsafeRawBufferPointer(rebasing: chunk.writable(from: 0)[..<writeIndex])
        var heads: [FrameHead] = []
        var offset = position
        let end = failure == nil ? readIndex : readIndex + 1
        while offset < end, let head = FrameHead(UnsafeRawBufferPointer(rebasing: bytes[offset...])) {
            if heads.count >= 2 * count { heads.removeFirst(count) }
            heads.append(head)
            offset += head.size + Framing.overhead
            guard offset <= writeIndex else { break }
        }
        return heads.suffix(count)
    }
}
