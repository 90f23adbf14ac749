import Testing

@testable import AMQPProtocol

@Suite struct OutputBufferTests {
    /// The frames in an output buffer.
    private func frames(_ output: inout OutputBuffer, frameMax: Int) throws -> [Frame] {
        var decoder = FrameDecoder(frameLimit: frameMax)
        output.takeAll { decoder.append($0) }
        var frames: [Frame] = []
        while let frame = try decoder.next() { frames.append(frame) }
        #expect(decoder.bufferedByteCount == 0)
        return frames
    }

    @Test func aConnectionOpensWithEightBytes() {
        var output = OutputBuffer()
        #expect(output.isEmpty)
        output.appendProtocolHeader()
        #expect(output.byteCount == 8)
        var bytes: [UInt8] = []
        output.takeAll { bytes += $0 }
        #expect(bytes == Array("AMQP".utf8) + [0, 0, 9, 1])
        #expect(output.isEmpty)
    }

    /// Bodies around the border of one frame, and around the border of what is sent by reference.
    @Test(arguments: [
        0, 1, 4087, 4088, 4089, 8175, 8176, 8177, OutputBuffer.referenceThreshold - 1,
        OutputBuffer.referenceThreshold, OutputBuffer.referenceThreshold + 1, 200_000,
    ])
    func bodiesAreCutAtFrameMaxLessEight(size: Int) throws {
        let body = (0 ..< size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        for frameMax in [4096, 8192, 131_072] {
            for slice in [nil, ByteSlice(body)] {
                var output = OutputBuffer()
                try body.withUnsafeBytes { bytes in
                    try output.append(
                        BasicPublish(exchange: "e", routingKey: "r"),
                        properties: MessageProperties(contentType: "text/plain"), body: bytes, slice: slice,
                        channel: 5, frameMax: frameMax)
                }
                let frames = try frames(&output, frameMax: frameMax)
                #expect(frames.allSatisfy { $0.channel == 5 })
                #expect(frames.prefix(2).map(\.type) == [.method, .header])
                let pieces = frames.dropFirst(2)
                #expect(pieces.allSatisfy { $0.type == .body })
                #expect(pieces.count == (size + frameMax - 9) / (frameMax - 8))
                #expect(pieces.dropLast().allSatisfy { $0.count == frameMax - 8 })
                var joined: [UInt8] = []
                for piece in pieces { piece.payload.withUnsafeBytes { joined.append(contentsOf: $0) } }
                #expect(joined == body)
            }
        }
    }

    @Test func aLargeSliceIsSentInPlace() throws {
        let body = ByteSlice(Array(repeating: 1, count: OutputBuffer.referenceThreshold))
        var output = OutputBuffer()
        try body.withUnsafeBytes { bytes in
            try output.append(
                BasicPublish(), properties: MessageProperties(), body: bytes, slice: body, channel: 1,
                frameMax: 131_072)
        }
        var addresses: [UnsafeRawPointer?] = []
        output.takeAll { segment in segment.withUnsafeBytes { addresses.append($0.baseAddress) } }
        #expect(addresses.contains(body.withUnsafeBytes { $0.baseAddress }))
    }

    @Test func nothingIsAppendedOfWhatIsRefused() throws {
        var output = OutputBuffer()
        let long = String(repeating: "é", count: 128)
        for method in [
            BasicPublish(exchange: long), BasicPublish(routingKey: long),
        ] {
            #expect(throws: EncodingError.self) {
                try output.append(
                    method, properties: MessageProperties(), body: UnsafeRawBufferPointer(start: nil, count: 0),
                    channel: 1, frameMax: 4096)
            }
            #expect(throws: EncodingError.self) { try output.append(method, channel: 1, frameMax: 4096) }
        }
        let headers = MessageProperties(headers: ["h": .text(String(repeating: "x", count: 5000))])
        #expect(throws: EncodingError.self) {
            try output.append(
                BasicPublish(), properties: headers, body: UnsafeRawBufferPointer(start: nil, count: 0), channel: 1,
                frameMax: 4096)
        }
        let declare = QueueDeclare(queue: "q", arguments: ["a": .text(String(repeating: "x", count: 5000))])
        #expect(throws: EncodingError.self) { try output.append(declare, channel: 1, frameMax: 4096) }
        #expect(throws: EncodingError.self) { try output.append(.queueDeclare(declare), channel: 1, frameMax: 4096) }
        #expect(output.isEmpty)
        #expect(output.byteCount == 0)
    }

    @Test func aMethodOfExactlyOneFrameFits() throws {
        var output = OutputBuffer()
        let empty = QueueDeclare(queue: "q", arguments: ["a": .text("")])
        let room = 4096 - 8 - (try empty.payloadSize(frameMax: 4096))
        let full = QueueDeclare(queue: "q", arguments: ["a": .text(String(repeating: "x", count: room))])
        try output.append(full, channel: 1, frameMax: 4096)
        #expect(output.byteCount == 4096)
        let over = QueueDeclare(queue: "q", arguments: ["a": .text(String(repeating: "x", count: room + 1))])
        #expect(throws: EncodingError.self) { try output.append(over, channel: 1, frameMax: 4096) }
        #expect(output.byteCount == 4096)
    }

    @Test func whatIsKeptIsNeverWrittenOver() throws {
        var output = OutputBuffer()
        var kept: [(ByteSlice, [UInt8])] = []
        var generator = SeededGenerator(seed: 5)
        for round in 0 ..< 3000 {
            let count = Int.random(in: 0 ... 300, using: &generator)
            let bytes = Array(repeating: UInt8(truncatingIfNeeded: round), count: count)
            output.append(size: count) { writer in bytes.withUnsafeBytes { writer.write($0) } }
            if Int.random(in: 0 ..< 5, using: &generator) == 0 {
                output.takeAll { segment in
                    if Bool.random(using: &generator) { kept.append((segment, Array(segment))) }
                }
            }
            if Bool.random(using: &generator) { output.rewind() }
            if kept.count > 50 { kept.removeFirst(25) }
            if round % 100 == 0 { #expect(kept.allSatisfy { Array($0.0) == $0.1 }) }
        }
        #expect(kept.allSatisfy { Array($0.0) == $0.1 })
    }

    @Test func theChunkIsUsedAgainWhenAllOfItWasSent() {
        var output = OutputBuffer()
        var addresses: Set<UnsafeRawPointer?> = []
        for _ in 0 ..< 1000 {
            output.appendHeartbeat()
            output.takeAll { segment in segment.withUnsafeBytes { _ = addresses.insert($0.baseAddress) } }
            output.rewind()
        }
        #expect(addresses.count == 1)
    }
}
