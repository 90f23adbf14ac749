import AMQPProtocol

/// A decoded frame that holds on to nothing of the decoder's.
struct FrameRecord: Equatable {
    let type: FrameType
    let channel: UInt16
    let payload: [UInt8]

    /// All that a decoder gave: frames, and the error that ended the stream.
    struct Outcome: Equatable {
        var frames: [FrameRecord] = []
        var error: ProtocolError?
    }

    /// What a fresh decoder gives for bytes that arrive in these pieces; it is asked for frames after every piece.
    static func all(in pieces: [ArraySlice<UInt8>], frameLimit: Int = 131_072) -> Outcome {
        var decoder = FrameDecoder(frameLimit: frameLimit)
        var outcome = Outcome()
        for piece in pieces {
            piece.withUnsafeBytes { decoder.append($0) }
            do throws(ProtocolError) {
                while let frame = try decoder.next() {
                    let payload = frame.payload.withUnsafeBytes { Array($0) }
                    outcome.frames.append(FrameRecord(type: frame.type, channel: frame.channel, payload: payload))
                }
            } catch {
                outcome.error = error
            }
        }
        return outcome
    }
}
