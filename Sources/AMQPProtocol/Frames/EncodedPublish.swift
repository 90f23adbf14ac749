/// The method frame and the header frame of a `basic.publish`, encoded once for any number of messages, which differ in
/// their bodies only.
package struct EncodedPublish: Sendable {
    /// The two frames, with a body size of 0.
    private let head: ByteSlice
    /// Where the body's size is in the header frame.
    private let bodySizeOffset: Int

    /// Encodes the frames.
    ///
    /// - Throws: why the method or the properties cannot be encoded.
    package init(
        _ method: BasicPublish, properties: MessageProperties, channel: UInt16, frameMax: Int
    ) throws(EncodingError) {
        var output = OutputBuffer()
        try output.appendPublish(
            method, properties: properties, body: UnsafeRawBufferPointer(start: nil, count: 0), slice: nil,
            channel: channel, frameMax: frameMax)
        var head = ByteSlice()
        output.takeAll { head = $0 }
        self.head = head.copied()
        // Behind the method frame: the frame's header, class and weight.
        bodySizeOffset = try method.payloadSize(frameMax: frameMax) + Framing.overhead + Framing.headerSize + 4
    }

    fileprivate var size: Int { head.count }

    @inline(__always)
    fileprivate func encode(bodySize: Int, into writer: inout WireWriter) {
        head.withUnsafeBytes { writer.write($0, replacing: bodySizeOffset, with: UInt64(bodySize)) }
    }
}

extension OutputBuffer {
    /// Appends a message whose method and header are encoded already; the bytes are those of
    /// ``appendPublish(_:properties:body:slice:channel:frameMax:)``.
    package mutating func append(
        _ publish: EncodedPublish, body: UnsafeRawBufferPointer, slice: ByteSlice?, channel: UInt16, frameMax: Int
    ) {
        append(headSize: publish.size, body: body, slice: slice, channel: channel, frameMax: frameMax) { writer in
            publish.encode(bodySize: body.count, into: &writer)
        }
    }
}
