import AMQPConnection

/// Frames as they are on the wire, for what a connection never sends by itself.
enum RawFrames {
    /// A frame with any type, payload and end octet.
    static func frame(
        type: UInt8, channel: UInt16, payload: [UInt8], end: UInt8 = Framing.end, size: UInt32? = nil
    ) -> [UInt8] {
        [type] + bigEndian(channel) + bigEndian(size ?? UInt32(payload.count)) + payload + [end]
    }

    /// A method, with any arguments.
    static func method(_ classID: UInt16, _ methodID: UInt16, channel: UInt16 = 1, _ arguments: [UInt8] = []) -> [UInt8]
    {
        frame(type: 1, channel: channel, payload: bigEndian(classID) + bigEndian(methodID) + arguments)
    }

    /// A method, encoded as the library does it.
    static func method(_ method: Method, channel: UInt16 = 1) throws -> [UInt8] {
        var output = OutputBuffer()
        try output.append(method, channel: channel, frameMax: 4096)
        var bytes: [UInt8] = []
        output.takeAll { bytes += $0 }
        return bytes
    }

    /// A content header without properties.
    static func header(classID: UInt16 = 60, size: UInt64, flags: UInt16 = 0, channel: UInt16 = 1) -> [UInt8] {
        frame(
            type: 2, channel: channel,
            payload: bigEndian(classID) + bigEndian(UInt16(0)) + bigEndian(size) + bigEndian(flags))
    }

    /// A body frame.
    static func body(_ bytes: [UInt8], channel: UInt16 = 1) -> [UInt8] {
        frame(type: 3, channel: channel, payload: bytes)
    }

    private static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}
