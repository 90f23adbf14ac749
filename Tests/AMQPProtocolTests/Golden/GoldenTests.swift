import AMQPProtocol
import Testing

/// Whole sessions between Pika and RabbitMQ mean to us what they mean to Pika, however their bytes arrive.
struct GoldenTests {
    @Test func everyFrameMeansWhatPikaSaysAndIsWrittenAsItCame() throws {
        var frames = 0
        var methods: Set<MethodID> = []
        for stream in try GoldenStream.all() {
            let decoded = FrameRecord.all(in: [stream.bytes[stream.start...]])
            #expect(decoded.frames.count == stream.expected.count, "\(stream.name)")
            #expect(
                decoded.error?.kind
                    == (stream.endsMalformed ? .frame : stream.name == "bad-version.s2c" ? .notAMQP : nil))
            var output = OutputBuffer()
            var original = stream.bytes
            for (frame, expected) in zip(decoded.frames, stream.expected) {
                #expect(frame.channel == expected.channel)
                #expect(frame.payload.count == expected.size - 8)
                switch (frame.type, expected.kind) {
                case (.method, "method"):
                    let method = try check(frame, expected, stream.name)
                    try output.append(method, channel: frame.channel, frameMax: 131_072)
                    methods.insert(method.id)
                    // Pika sets the reserved bit `insist` of its connection.open; we write reserved fields as zero.
                    if method.id == .connectionOpen { original[expected.offset + expected.size - 2] = 0 }
                case (.header, "header"):
                    let properties = try checkHeader(frame, expected, stream.name)
                    output.append(size: frame.payload.count + 8) { writer in
                        frame.payload.withUnsafeBytes { header in
                            writer.writeHead(of: frame)
                            writer.write(UnsafeRawBufferPointer(rebasing: header[..<12]))
                            properties.encode(into: &writer)
                            writer.write(Framing.end)
                        }
                    }
                case (.body, "body"):
                    #expect(frame.payload.count == expected.payloadSize)
                    output.append(frame)
                case (.heartbeat, "heartbeat"):
                    output.appendHeartbeat()
                default:
                    Issue.record("\(stream.name) has \(frame.type) instead of \(expected.kind) at \(expected.offset)")
                }
                frames += 1
            }
            let end = (stream.expected.last.map { $0.offset + $0.size }) ?? stream.start
            #expect(output.bytes() == Array(original[min(stream.start, end) ..< end]), "\(stream.name)")
        }
        #expect(frames > 1_000)
        #expect(methods.count == 64, "\(Set(MethodID.all).subtracting(methods))")
        print("golden: \(frames) frames, \(methods.count) of \(MethodID.all.count) methods")
    }

    private func check(
        _ frame: FrameRecord, _ expected: GoldenSession.ExpectedFrame, _ name: String
    ) throws -> Method {
        let classID = try #require(expected.classID)
        let methodID = try #require(expected.methodID)
        let id = MethodID(classID: classID, methodID: methodID)
        let method = try decodeMethod(id, frame.payload.dropFirst(4)).outcome.get()
        #expect(Array(frame.payload.prefix(4)) == bigEndian(id.wireValue))
        let payload = try #require(Mirror(reflecting: method).children.first?.value as? any AMQPMethod)
        #expect(Comparison.differences(payload, try #require(expected.fields)) == [], "\(name) at \(expected.offset)")
        return method
    }

    private func checkHeader(
        _ frame: FrameRecord, _ expected: GoldenSession.ExpectedFrame, _ name: String
    ) throws -> MessageProperties {
        let bodySize = frame.payload[4 ..< 12].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        #expect(bodySize == expected.bodySize)
        #expect(Array(frame.payload.prefix(4)) == [0, 60, 0, 0])
        let decoded = decodeProperties(frame.payload.dropFirst(12))
        let properties = try decoded.outcome.get()
        #expect(decoded.consumed == frame.payload.count - 12)
        let differences = Comparison.differences(properties, try #require(expected.properties))
        #expect(differences == [], "\(name) at \(expected.offset)")
        return properties
    }

    @Test func framesAreTheSameByteByByteAndAtEverySplit() throws {
        var splits = 0
        for stream in try GoldenStream.all() {
            let bytes = Array(stream.bytes[stream.start...])
            let whole = FrameRecord.all(in: [bytes[...]])
            #expect(FrameRecord.all(in: bytes.indices.map { bytes[$0 ... $0] }) == whole, "\(stream.name)")
            for split in splitPoints(stream, bytes.count) {
                guard FrameRecord.all(in: [bytes[..<split], bytes[split...]]) == whole else {
                    Issue.record("\(stream.name) split at \(split)")
                    break
                }
                splits += 1
            }
        }
        print("golden: \(splits) splits")
    }

    /// Every position of a short stream; those around the frames' heads and ends of a long one.
    private func splitPoints(_ stream: GoldenStream, _ count: Int) -> [Int] {
        if count <= 1_500 { return Array(0 ... count) }
        let edges = stream.expected.flatMap { frame in
            ((frame.offset - 4) ... (frame.offset + 12)).map { $0 - stream.start }
        }
        return Set(edges).filter { (0 ... count).contains($0) }.sorted()
    }

    @Test func framesAreTheSameAtRandomSplits() throws {
        var random = SeededGenerator(seed: 11)
        for stream in try GoldenStream.all() {
            let bytes = stream.bytes[stream.start...]
            let whole = FrameRecord.all(in: [bytes])
            for _ in 0 ..< 10 {
                var pieces: [ArraySlice<UInt8>] = []
                var rest = bytes
                while !rest.isEmpty {
                    let piece = rest.prefix(Int.random(in: 1 ... max(1, bytes.count / 8), using: &random))
                    pieces.append(piece)
                    rest = rest.dropFirst(piece.count)
                }
                #expect(FrameRecord.all(in: pieces) == whole, "\(stream.name)")
            }
        }
    }

    @Test func sessionsBehindEachOtherGiveTheFramesOfAll() throws {
        let streams = try GoldenStream.all().filter { !$0.endsMalformed && $0.name != "bad-version.s2c" }
        let pieces = streams.map { $0.bytes[$0.start...] }
        let expected = pieces.flatMap { FrameRecord.all(in: [$0]).frames }
        let joined = FrameRecord.all(in: [ArraySlice(pieces.joined())])
        #expect(joined.error == nil)
        #expect(joined.frames == expected)
    }
}

extension WireWriter {
    /// The seven bytes in front of a frame's payload.
    mutating func writeHead(of frame: FrameRecord) {
        write(frame.type.rawValue)
        write(frame.channel)
        write(UInt32(frame.payload.count))
    }
}

extension OutputBuffer {
    /// Appends a frame as it was decoded.
    mutating func append(_ frame: FrameRecord) {
        append(size: frame.payload.count + 8) { writer in
            writer.writeHead(of: frame)
            frame.payload.withUnsafeBytes { writer.write($0) }
            writer.write(Framing.end)
        }
    }

    /// All bytes that wait, joined.
    mutating func bytes() -> [UInt8] {
        var bytes: [UInt8] = []
        takeAll { segment in segment.withUnsafeBytes { bytes += $0 } }
        return bytes
    }
}
