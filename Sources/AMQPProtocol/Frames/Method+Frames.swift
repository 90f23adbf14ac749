extension Method {
    /// Decodes the method of a method frame.
    ///
    /// - Throws: why the payload is not a method; the error names the frame's channel.
    public init(_ frame: Frame) throws(ProtocolError) {
        do {
            self = try frame.payload.withReader { (reader) throws(ProtocolError) in
                let id = MethodID(classID: try reader.readUInt16(), methodID: try reader.readUInt16())
                return try Method(id: id, from: &reader)
            }
        } catch {
            var located = error
            located.channel = frame.channel
            throw located
        }
    }
}

extension OutputBuffer {
    /// Appends a method frame.
    ///
    /// - Throws: why the method cannot be encoded, or that it is larger than `frameMax`; nothing is appended then.
    public mutating func append(_ method: Method, channel: UInt16, frameMax: Int) throws(EncodingError) {
        let size = try method.payloadSize(frameMax: frameMax)
        append(size: size + Framing.overhead) { writer in
            writer.writeFrameHeader(.method, channel: channel, size: size)
            writer.write(method.id.wireValue)
            method.encode(into: &writer)
            writer.write(Framing.end)
        }
        countFrames(1)
    }
}

extension Method {
    /// The size of the method's frame payload: class and method number and the arguments.
    ///
    /// - Throws: why the method cannot be encoded, or that its frame would be larger than `frameMax`.
    public func payloadSize(frameMax: Int) throws(EncodingError) -> Int {
        let size = 4 + (try encodedSize())
        guard size + Framing.overhead <= frameMax else { throw .tooLarge("\(id)", size, frameMax) }
        return size
    }
}
