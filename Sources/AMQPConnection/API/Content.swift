import AMQPProtocol

/// Where the parts of a received message lie; nothing is decoded until somebody asks.
struct Content: Sendable {
    /// The chunk of the method and the header.
    var chunk: Chunk
    /// Where the exchange's short string starts in the chunk; the routing key's follows it.
    var exchangeOffset: Int
    /// Where the property flags start in the chunk.
    var propertiesOffset: Int
    var propertiesCount: Int
    /// The chunk of the body, `nil` if it is the same.
    var bodyChunk: Chunk?
    var bodyOffset: Int
    var bodyCount: Int

    var exchange: ByteSlice { shortString(at: exchangeOffset) }

    var routingKey: ByteSlice { shortString(at: exchangeOffset + 1 + exchange.count) }

    var body: ByteSlice { ByteSlice(chunk: bodyChunk ?? chunk, offset: bodyOffset, count: bodyCount) }

    var encodedProperties: ByteSlice { ByteSlice(chunk: chunk, offset: propertiesOffset, count: propertiesCount) }

    func properties() throws(AMQPError) -> MessageProperties {
        do {
            return try encodedProperties.withReader { (reader) throws(ProtocolError) in
                let properties = try MessageProperties(from: &reader)
                try reader.expectEnd()
                return properties
            }
        } catch {
            throw AMQPError(error)
        }
    }

    /// A short string whose bounds were checked when the method was received.
    func shortString(at offset: Int) -> ByteSlice {
        // SAFETY: the length is one of the bytes that were checked, and the chunk outlives the load.
        ByteSlice(chunk: chunk, offset: offset + 1, count: Int(chunk.base.load(fromByteOffset: offset, as: UInt8.self)))
    }

    /// The same message in memory of its own.
    func copied(from start: Int, to end: Int) -> (Content, shift: Int) {
        var copy = self
        let headCount = end - start
        let chunk = Chunk(capacity: headCount + propertiesCount + bodyCount)
        chunk.copy(from: self.chunk, at: start, count: headCount, to: 0)
        chunk.copy(from: self.chunk, at: propertiesOffset, count: propertiesCount, to: headCount)
        chunk.copy(from: bodyChunk ?? self.chunk, at: bodyOffset, count: bodyCount, to: headCount + propertiesCount)
        copy.chunk = chunk
        copy.bodyChunk = nil
        copy.exchangeOffset -= start
        copy.propertiesOffset = headCount
        copy.bodyOffset = headCount + propertiesCount
        return (copy, start)
    }
}
