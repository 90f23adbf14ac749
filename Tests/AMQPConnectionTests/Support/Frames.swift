internal import AMQPProtocol

/// The bytes of frames, made in the order of the calls, as the broker would send them.
struct FrameBytes {
    static let frameMax = 4096
    private var output = OutputBuffer()

    mutating func method(_ method: Method, channel: UInt16 = 1) {
        do {
            try output.append(method, channel: channel, frameMax: FrameBytes.frameMax)
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// A method with its content.
    mutating func content(
        _ method: some AMQPMethod, properties: MessageProperties = MessageProperties(), body: [UInt8],
        channel: UInt16 = 1
    ) {
        do {
            try body.withUnsafeBytes { bytes in
                try output.append(
                    method, properties: properties, body: bytes, channel: channel, frameMax: FrameBytes.frameMax)
            }
        } catch {
            preconditionFailure("\(error)")
        }
    }

    /// A content header of class basic that announces any body size.
    mutating func header(bodySize: UInt64, classID: UInt16 = 60, channel: UInt16 = 1) {
        var payload: [UInt8] = [UInt8(classID >> 8), UInt8(classID & 0xFF), 0, 0]
        payload += (0 ..< 8).reversed().map { UInt8(truncatingIfNeeded: bodySize >> (8 * UInt64($0))) }
        payload += [0, 0]
        raw(type: 2, channel: channel, payload: payload)
    }

    mutating func body(_ bytes: [UInt8], channel: UInt16 = 1) {
        raw(type: 3, channel: channel, payload: bytes)
    }

    mutating func heartbeat() {
        output.appendHeartbeat()
    }

    /// Any frame, allowed or not.
    mutating func raw(type: UInt8, channel: UInt16, payload: [UInt8], end: UInt8 = 0xCE) {
        let size = UInt32(payload.count)
        let header =
            [type, UInt8(channel >> 8), UInt8(channel & 0xFF)]
            + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: size >> UInt32($0)) }
        output.append(ByteSlice(header + payload + [end]))
    }

    /// Everything so far; the next call begins anew.
    mutating func take() -> [UInt8] {
        var bytes: [UInt8] = []
        output.takeAll { bytes += $0 }
        return bytes
    }

    /// Everything so far, cut into frames again, all in one chunk, as if it came in the middle of a session.
    mutating func frames() throws -> [Frame] {
        var decoder = FrameDecoder(frameLimit: FrameBytes.frameMax)
        var first = FrameBytes()
        first.method(.connectionBlocked(ConnectionBlocked(reason: "")), channel: 0)
        decoder.append(ByteSlice(first.take()))
        _ = try decoder.next()
        decoder.append(ByteSlice(take()))
        var frames: [Frame] = []
        while let frame = try decoder.next() { frames.append(frame) }
        return frames
    }
}
