extension FrameDecoder {
    /// The channel of the frame that comes next; `nil` while its header has not been received.
    package var nextChannel: UInt16? {
        guard bufferedByteCount >= Framing.headerSize else { return nil }
        return UnsafeRawBufferPointer(chunk.writable(from: readIndex)).number(at: 1, as: UInt16.self)
    }

    /// Takes the `basic.deliver`, the header frame and the body frame that come next, if all have been received, belong
    /// to the channel and are sound.
    ///
    /// This is how nearly all messages arrive. In every other case (another method, a part that is missing, a body of
    /// several frames, something wrong) nothing is taken, and ``next()`` goes on frame by frame.
    ///
    /// - Parameters:
    ///   - channel: the channel.
    ///   - limit: the largest body, in bytes.
    package mutating func takeDelivery(channel: UInt16, limit: Int) -> WholeDelivery? {
        guard failure == nil else { return nil }
        // SAFETY: these are the bytes between the indices of the chunk, which lives as long as the decoder. Each frame is
        // compared with what is there, and each offset with its frame, before anything is read at it.
        let bytes = UnsafeRawBufferPointer(start: chunk.base + readIndex, count: writeIndex - readIndex)
        guard let method = wholeFrame(.method, channel, at: 0, in: bytes), method.count >= 16,
            bytes.number(at: method.lowerBound, as: UInt32.self) == 0x003C_003C
        else { return nil }
        // The arguments: consumer tag, delivery tag (8 bytes), redelivered (a bit), exchange, routing key.
        let deliveryTag = method.lowerBound &+ 5 &+ Int(bytes[method.lowerBound &+ 4])
        let exchange = deliveryTag &+ 9
        guard exchange < method.upperBound else { return nil }
        let routingKey = exchange &+ 1 &+ Int(bytes[exchange])
        guard routingKey < method.upperBound,
            routingKey &+ 1 &+ Int(bytes[routingKey]) == method.upperBound,
            let header = wholeFrame(.header, channel, at: method.upperBound &+ 1, in: bytes),
            header.count >= Framing.minimumContentHeader,
            bytes.number(at: header.lowerBound, as: UInt16.self) == 60,
            let bodyCount = Int(exactly: bytes.number(at: header.lowerBound &+ 4, as: UInt64.self)), bodyCount <= limit
        else { return nil }
        var last = header
        if bodyCount > 0 {
            guard let body = wholeFrame(.body, channel, at: header.upperBound &+ 1, in: bytes), body.count == bodyCount
            else { return nil }
            last = body
        }
        let start = readIndex
        readIndex = start &+ last.upperBound &+ 1
        return WholeDelivery(
            deliveryTag: bytes.number(at: deliveryTag, as: UInt64.self),
            isRedelivered: bytes[deliveryTag &+ 8] & 1 != 0,
            argumentsOffset: start &+ method.lowerBound &+ 4, exchangeOffset: start &+ exchange,
            propertiesOffset: start &+ header.lowerBound &+ 12, propertiesCount: header.count &- 12,
            bodyOffset: start &+ last.lowerBound, bodyCount: bodyCount)
    }

    /// Where the payload of the frame at `start` is, if the frame has been received, is of this type and channel, not
    /// too large, and ends as it should.
    @inline(__always)
    private func wholeFrame(
        _ type: FrameType, _ channel: UInt16, at start: Int, in bytes: UnsafeRawBufferPointer
    ) -> Range<Int>? {
        let left = bytes.count &- start &- Framing.overhead
        guard left >= 0 else { return nil }
        // The first seven bytes: type, channel, size.
        let header = bytes.number(at: start, as: UInt64.self) >> 8
        let size = Int(truncatingIfNeeded: header & 0xFFFF_FFFF)
        guard header >> 32 == UInt64(type.rawValue) << 16 | UInt64(channel),
            size <= left, size <= frameLimit &- Framing.overhead
        else { return nil }
        let payload = start &+ Framing.headerSize
        guard bytes[payload &+ size] == Framing.end else { return nil }
        return Range(uncheckedBounds: (payload, payload &+ size))
    }
}

/// A message for a consumer whose frames have all been received; offsets count from the start of the decoder's chunk.
package struct WholeDelivery {
    package let deliveryTag: UInt64
    package let isRedelivered: Bool
    /// Where the method's arguments start, with the short string of the consumer tag.
    package let argumentsOffset: Int
    /// Where the exchange's short string starts; the routing key's follows it.
    package let exchangeOffset: Int
    /// The property flags and values.
    package let propertiesOffset: Int
    package let propertiesCount: Int
    /// The body, which is in one frame or empty.
    package let bodyOffset: Int
    @usableFromInline package let bodyCount: Int

    /// The number of frames that it came in.
    @inlinable package var frameCount: UInt64 { bodyCount > 0 ? 3 : 2 }
}

extension UnsafeRawBufferPointer {
    /// A big-endian number; the caller has checked that it is there.
    @inlinable
    package func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type) -> Number {
        Number(bigEndian: loadUnaligned(fromByteOffset: offset, as: Number.self))
    }
}
