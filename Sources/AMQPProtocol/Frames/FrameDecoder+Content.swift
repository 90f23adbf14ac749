/// Where a message lies whose frames have all been received, each offset counted from the start of their chunk.
package struct WholeContent {
    /// The property flags and values.
    package var propertiesOffset: Int
    package var propertiesCount: Int
    /// The body, which is in one frame or empty.
    package var bodyOffset: Int
    package var bodyCount: Int
}

extension FrameDecoder {
    /// Takes the header frame and the body frame that come next, if both have been received, belong to the channel, are
    /// in order, and hold the whole content of a basic method.
    ///
    /// This is how nearly all messages arrive. In every other case (a part is missing, the body has several frames,
    /// something is wrong) nothing is taken and ``next()`` goes on frame by frame.
    ///
    /// - Parameters:
    ///   - channel: the channel of the method frame.
    ///   - limit: the largest body, in bytes.
    package mutating func takeContent(channel: UInt16, limit: Int) -> WholeContent? {
        let available = writeIndex - readIndex
        guard failure == nil, available >= Framing.overhead + Framing.minimumContentHeader else { return nil }
        let bytes = UnsafeRawBufferPointer(start: chunk.base + readIndex, count: available)
        guard bytes[0] == FrameType.header.rawValue, bytes.number(at: 1, as: UInt16.self) == channel else { return nil }
        let headerCount = Int(bytes.number(at: 3, as: UInt32.self))
        let headerEnd = Framing.headerSize + headerCount
        guard headerCount >= Framing.minimumContentHeader, headerCount <= frameLimit - Framing.overhead,
            headerEnd < available, bytes[headerEnd] == Framing.end,
            bytes.number(at: Framing.headerSize, as: UInt16.self) == 60
        else { return nil }
        let announced = bytes.number(at: Framing.headerSize + 4, as: UInt64.self)
        guard let bodyCount = Int(exactly: announced), bodyCount <= limit else { return nil }
        var content = WholeContent(
            propertiesOffset: readIndex + Framing.headerSize + 12, propertiesCount: headerCount - 12,
            bodyOffset: readIndex, bodyCount: bodyCount)
        guard bodyCount > 0 else {
            readIndex += headerEnd + 1
            return content
        }
        let body = headerEnd + 1
        guard bodyCount <= frameLimit - Framing.overhead, available - body >= bodyCount + Framing.overhead,
            bytes[body] == FrameType.body.rawValue, bytes.number(at: body + 1, as: UInt16.self) == channel,
            bytes.number(at: body + 3, as: UInt32.self) == UInt32(bodyCount),
            bytes[body + Framing.headerSize + bodyCount] == Framing.end
        else { return nil }
        content.bodyOffset = readIndex + body + Framing.headerSize
        readIndex += body + bodyCount + Framing.overhead
        return content
    }
}

extension UnsafeRawBufferPointer {
    /// A big-endian number; the caller has checked that it is there.
    @inlinable
    package func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type) -> Number {
        Number(bigEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
    }
}
