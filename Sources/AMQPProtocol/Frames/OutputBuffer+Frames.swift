extension OutputBuffer {
    /// Appends the eight bytes that open a connection.
    public mutating func appendProtocolHeader() {
        append(size: Framing.protocolHeader.count) { writer in
            Framing.protocolHeader.withUnsafeBytes { writer.write($0) }
        }
    }

    /// Appends a heartbeat frame.
    public mutating func appendHeartbeat() {
        append(size: Framing.overhead) { writer in
            writer.writeFrameHeader(.heartbeat, channel: 0, size: 0)
            writer.write(Framing.end)
        }
        countFrames(1)
    }

    /// Appends a method frame.
    ///
    /// - Throws: why the method cannot be encoded, or that it is larger than `frameMax`; nothing is appended then.
    @inlinable
    public mutating func append(_ method: some AMQPMethod, channel: UInt16, frameMax: Int) throws(EncodingError) {
        let size = try method.payloadSize(frameMax: frameMax)
        append(size: size + Framing.overhead) { writer in
            writer.writeMethodFrame(method, channel: channel, size: size)
        }
        countFrames(1)
    }

    /// Appends a method that carries content, its header frame, and its body in frames of at most `frameMax` bytes.
    ///
    /// - Parameters:
    ///   - method: `basic.publish`, or what a broker sends: `basic.deliver`, `basic.return`, `basic.get-ok`.
    ///   - properties: the properties of the content.
    ///   - body: the bytes of the body.
    ///   - slice: the same bytes as a slice, if they are one: large bodies are sent from it without a copy. One of another
    ///     length is ignored.
    ///   - channel: the channel.
    ///   - frameMax: the negotiated limit; values below 4096 count as 4096.
    /// - Throws: why the method or the properties cannot be encoded; nothing is appended then.
    public mutating func append(
        _ method: some AMQPMethod, properties: MessageProperties, body: UnsafeRawBufferPointer, slice: ByteSlice? = nil,
        channel: UInt16, frameMax: Int
    ) throws(EncodingError) {
        let methodSize = try method.payloadSize(frameMax: frameMax)
        let (propertiesSize, flags) = try properties.layout()
        let headerSize = 12 + propertiesSize
        guard headerSize + Framing.overhead <= frameMax else {
            throw .tooLarge("basic properties", headerSize, frameMax)
        }
        let size = methodSize + headerSize + 2 * Framing.overhead
        append(headSize: size, body: body, slice: slice, channel: channel, frameMax: frameMax) { writer in
            writer.writeMethodFrame(method, channel: channel, size: methodSize)
            writer.writeFrameHeader(.header, channel: channel, size: headerSize)
            // Class 60 (basic), and a weight of 0.
            writer.write(UInt32(60) << 16)
            writer.write(UInt64(body.count))
            properties.encode(into: &writer, flags: flags)
            writer.write(Framing.end)
        }
    }

    /// Appends a `basic.publish` with its content, as ``append(_:properties:body:slice:channel:frameMax:)`` does; it is
    /// compiled for this method here, where the encoding of all parts can be seen.
    package mutating func appendPublish(
        _ method: BasicPublish, properties: MessageProperties, body: UnsafeRawBufferPointer, slice: ByteSlice?,
        channel: UInt16, frameMax: Int
    ) throws(EncodingError) {
        try append(method, properties: properties, body: body, slice: slice, channel: channel, frameMax: frameMax)
    }

    /// Appends the method and header frames of a message, which `encodeHead` writes, and its body behind them.
    @inline(__always)
    mutating func append(
        headSize: Int, body: UnsafeRawBufferPointer, slice: ByteSlice?, channel: UInt16, frameMax: Int,
        _ encodeHead: (inout WireWriter) -> Void
    ) {
        let isCopied = body.count < OutputBuffer.referenceThreshold && body.count + Framing.overhead <= frameMax
        let bodySize = isCopied && !body.isEmpty ? body.count + Framing.overhead : 0
        append(size: headSize + bodySize) { writer in
            encodeHead(&writer)
            if bodySize > 0 {
                writer.writeFrameHeader(.body, channel: channel, size: body.count)
                writer.write(body)
                writer.write(Framing.end)
            }
        }
        countFrames(bodySize > 0 ? 3 : 2)
        if !isCopied {
            let whole = slice.flatMap { $0.count == body.count ? $0 : nil }
            appendBody(whole ?? ByteSlice(copying: body), channel: channel, frameMax: frameMax)
        }
    }

    /// The number of bytes that a method with content adds, frame headers and ends included.
    ///
    /// - Parameters:
    ///   - method: the method that carries the content.
    ///   - properties: the properties of the content.
    ///   - bodySize: the number of bytes of the body.
    ///   - frameMax: the negotiated limit; values below 4096 count as 4096.
    /// - Throws: why the method or the properties cannot be encoded.
    public static func size(
        of method: some AMQPMethod, properties: MessageProperties, bodySize: Int, frameMax: Int
    ) throws(EncodingError) -> Int {
        let methodSize = try method.payloadSize(frameMax: frameMax)
        let headerSize = 12 + (try properties.encodedSize())
        guard headerSize + Framing.overhead <= frameMax else {
            throw .tooLarge("basic properties", headerSize, frameMax)
        }
        let limit = max(frameMax, Framing.minimumFrameMax) - Framing.overhead
        let bodyFrames = bodySize / limit + (bodySize % limit > 0 ? 1 : 0)
        return methodSize + headerSize + bodySize + (2 + bodyFrames) * Framing.overhead
    }

    /// Appends a body by reference, cut into frames.
    @usableFromInline
    mutating func appendBody(_ body: ByteSlice, channel: UInt16, frameMax: Int) {
        let limit = max(frameMax, Framing.minimumFrameMax) - Framing.overhead
        var rest = body
        while !rest.isEmpty {
            let piece = rest.prefix(limit)
            append(size: Framing.headerSize) { $0.writeFrameHeader(.body, channel: channel, size: piece.count) }
            append(piece)
            append(size: 1) { $0.write(Framing.end) }
            countFrames(1)
            rest = rest.dropFirst(piece.count)
        }
    }
}

extension AMQPMethod {
    /// The size of the method's frame payload: class and method number and the arguments.
    ///
    /// - Throws: why the method cannot be encoded, or that its frame would be larger than `frameMax`.
    @inlinable
    public func payloadSize(frameMax: Int) throws(EncodingError) -> Int {
        let size = 4 + (try encodedSize())
        guard size + Framing.overhead <= frameMax else { throw .tooLarge("\(Self.id)", size, frameMax) }
        return size
    }
}

extension EncodingError {
    @usableFromInline
    static func tooLarge(_ what: String, _ size: Int, _ frameMax: Int) -> EncodingError {
        EncodingError(field: what, reason: "\(size) bytes do not fit into one frame of \(frameMax)")
    }
}

extension WireWriter {
    /// The seven bytes in front of a payload: type, channel, size.
    @inlinable @inline(__always)
    mutating func writeFrameHeader(_ type: FrameType, channel: UInt16, size: Int) {
        let position = advance(7)
        let size = UInt32(size)
        // Four bytes, then again the last of them and three more: two stores in place of three writes.
        let start = UInt32(type.rawValue) << 24 | UInt32(channel) << 8 | size >> 24
        memory.storeBytes(of: start.bigEndian, toByteOffset: position, as: UInt32.self)
        memory.storeBytes(of: size.bigEndian, toByteOffset: position &+ 3, as: UInt32.self)
    }

    @inlinable
    mutating func writeMethodFrame<Method: AMQPMethod>(_ method: Method, channel: UInt16, size: Int) {
        writeFrameHeader(.method, channel: channel, size: size)
        write(Method.id.wireValue)
        method.encode(into: &self)
        write(Framing.end)
    }
}
