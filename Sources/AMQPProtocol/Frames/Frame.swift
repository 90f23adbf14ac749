/// One frame as it was received, in place in the chunk that it was received into.
public struct Frame: Sendable {
    /// What kind of payload it carries.
    public let type: FrameType
    /// The channel it belongs to; 0 is the connection itself.
    public let channel: UInt16
    /// The chunk that holds the payload.
    @usableFromInline package let chunk: Chunk
    /// Where the payload starts in the chunk.
    @usableFromInline package let offset: Int
    /// The payload's size in bytes.
    public let count: Int

    @inlinable
    package init(type: FrameType, channel: UInt16, chunk: Chunk, offset: Int, count: Int) {
        self.type = type
        self.channel = channel
        self.chunk = chunk
        self.offset = offset
        self.count = count
    }

    /// The payload, sharing the received memory.
    @inlinable public var payload: ByteSlice { ByteSlice(chunk: chunk, offset: offset, count: count) }

    /// The class and method number of a method frame, `nil` for other frames.
    public var methodID: MethodID? {
        guard type == .method else { return nil }
        return try? payload.withReader { (reader) throws(ProtocolError) in
            MethodID(classID: try reader.readUInt16(), methodID: try reader.readUInt16())
        }
    }
}
