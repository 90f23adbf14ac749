import Testing

@testable import AMQPProtocol

@Suite struct FrameDecoderTests {
    /// A frame's bytes.
    static func frame(_ type: UInt8, channel: UInt16 = 0, _ payload: [UInt8], end: UInt8 = 0xCE) -> [UInt8] {
        header(type, channel: channel, size: UInt32(payload.count)) + payload + [end]
    }

    /// A frame's first seven bytes.
    static func header(_ type: UInt8, channel: UInt16 = 0, size: UInt32) -> [UInt8] {
        [type, UInt8(channel >> 8), UInt8(channel & 0xFF)]
            + [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: size >> UInt32($0)) }
    }

    /// What a method frame holds at least.
    static let method = frame(1, [0, 10, 0, 61])

    /// A decoder that has decoded a frame, so that the start of the stream is behind it.
    static func started(frameLimit: Int = 4096) throws -> FrameDecoder {
        var decoder = FrameDecoder(frameLimit: frameLimit)
        decoder.append(ByteSlice(method))
        #expect(try decoder.next() != nil)
        return decoder
    }

    /// The frames that bytes hold, each in a line, and the error that ends them.
    static func lines(_ pieces: [[UInt8]], frameLimit: Int = 4096) -> [String] {
        var decoder = FrameDecoder(frameLimit: frameLimit)
        var lines: [String] = []
        for piece in pieces {
            decoder.append(ByteSlice(piece))
            do {
                while let frame = try decoder.next() {
                    lines.append("\(frame.type) \(frame.channel) \(Array(frame.payload))")
                }
            } catch {
                lines.append("\(error)")
                return lines
            }
        }
        return lines
    }

    // MARK: Splits

    static let stream =
        method + frame(2, channel: 7, Array(repeating: 5, count: 14)) + frame(3, channel: 0xFFFF, [1, 2, 3])
        + frame(8, []) + frame(3, channel: 1, []) + frame(1, channel: 1, [0, 60, 0, 80, 9])

    static let streamLines = [
        "method 0 [0, 10, 0, 61]", "header 7 \(Array(repeating: 5, count: 14))", "body 65535 [1, 2, 3]",
        "heartbeat 0 []", "body 1 []", "method 1 [0, 60, 0, 80, 9]",
    ]

    @Test func framesComeInOrderHoweverTheStreamIsSplit() {
        #expect(Self.lines([Self.stream]) == Self.streamLines)
        #expect(Self.lines(Self.stream.map { [$0] }) == Self.streamLines)
        for first in 0 ... Self.stream.count {
            for second in first ... Self.stream.count {
                let pieces = [
                    Array(Self.stream[..<first]), Array(Self.stream[first ..< second]), Array(Self.stream[second...]),
                ]
                #expect(Self.lines(pieces) == Self.streamLines, "split at \(first) and \(second)")
            }
        }
    }

    @Test func aStreamOfManyChunksIsWhole() throws {
        var generator = SeededGenerator(seed: 3)
        var decoder = FrameDecoder(frameLimit: 131_072)
        decoder.append(ByteSlice(Self.method))
        _ = try decoder.next()
        var kept: [(ByteSlice, [UInt8])] = []
        for round in 0 ..< 100 {
            let payload = Array(repeating: UInt8(round), count: Int.random(in: 0 ... 20_000, using: &generator))
            var rest = Self.frame(3, channel: 1, payload)[...]
            var decoded: [Frame] = []
            while !rest.isEmpty {
                let count = decoder.withReceiveMemory { memory in
                    let piece = rest.prefix(min(memory.count, Int.random(in: 1 ... 9000, using: &generator)))
                    memory.copyBytes(from: piece)
                    rest = rest.dropFirst(piece.count)
                    return piece.count
                }
                #expect(count > 0)
                while let frame = try decoder.next() { decoded.append(frame) }
            }
            #expect(decoded.count == 1)
            let frame = try #require(decoded.first)
            #expect(frame.payload == ByteSlice(payload))
            if Bool.random(using: &generator) { kept.append((frame.payload, payload)) }
        }
        for (slice, payload) in kept { #expect(slice == ByteSlice(payload), "what was handed out is immutable") }
        #expect(decoder.bufferedByteCount == 0)
    }

    @Test func aReaderThatLiesAboutItsCountIsNotBelieved() throws {
        var decoder = try Self.started()
        #expect(decoder.withReceiveMemory { $0.count + 1 } > 0)
        #expect(decoder.withReceiveMemory { _ in -1 } == -1)
        #expect(decoder.withReceiveMemory { _ in .min } == .min)
        #expect(decoder.withReceiveMemory { _ in 0 } == 0)
        #expect(decoder.bufferedByteCount == 0)
        #expect(try decoder.next() == nil)
    }

    // MARK: Sizes

    /// S1, S4, S5, S6: every size over the limit is refused on the header, whatever the type.
    @Test(arguments: [1, 2, 3, 8] as [UInt8])
    func sizesOverTheLimitAreRefusedOnTheHeader(type: UInt8) throws {
        let sizes: [UInt32] =
            [4089, 4090, 65536, 0x7FFF_FFFF, 0x8000_0000] + (0xFFFF_FFF8 ... 0xFFFF_FFFF as ClosedRange<UInt32>)
        for size in sizes {
            for isFirst in [false, true] where !isFirst || type == 1 {
                var decoder = isFirst ? FrameDecoder(frameLimit: 4096) : try Self.started()
                decoder.append(ByteSlice(Self.header(type, size: size)))
                let error = #expect(throws: ProtocolError.self) { _ = try decoder.next() }
                #expect(error?.kind == .frameSize)
                #expect(error?.replyCode == 501)
            }
        }
    }

    @Test(arguments: [4096, 8192, 131_072])
    func theLargestFrameIsTakenAndOneByteMoreIsNot(limit: Int) throws {
        for size in [limit - 9, limit - 8] {
            var decoder = try Self.started(frameLimit: limit)
            decoder.append(ByteSlice(Self.frame(3, channel: 1, Array(repeating: 1, count: size))))
            #expect(try decoder.next()?.count == size)
        }
        var decoder = try Self.started(frameLimit: limit)
        decoder.append(ByteSlice(Self.header(3, channel: 1, size: UInt32(limit - 7))))
        let error = #expect(throws: ProtocolError.self) { _ = try decoder.next() }
        #expect(error?.kind == .frameSize)
        #expect(decoder.bufferedByteCount <= 8)
    }

    @Test func beforeTheTuningTheLimitIs131072() throws {
        #expect(FrameDecoder().frameLimit == 131_072)
        var decoder = FrameDecoder()
        decoder.append(ByteSlice(Self.header(1, size: 131_072 - 7)))
        #expect(throws: ProtocolError.self) { _ = try decoder.next() }
    }

    /// S2: payloads that are smaller than their type needs.
    @Test func sizesThatATypeCannotHaveAreRefused() throws {
        for (type, sizes) in [(1, 0 ... 3), (2, 0 ... 13), (8, 1 ... 20)] as [(UInt8, ClosedRange<Int>)] {
            for size in sizes {
                var decoder = try Self.started()
                decoder.append(ByteSlice(Self.header(type, size: UInt32(size))))
                let error = #expect(throws: ProtocolError.self) { _ = try decoder.next() }
                #expect(error?.kind == .frameSize, "type \(type), \(size) bytes")
            }
        }
        var decoder = try Self.started()
        decoder.append(ByteSlice(Self.frame(3, channel: 1, [])))
        #expect(try decoder.next()?.count == 0)
    }

    // MARK: Types and ends

    /// S12.
    @Test func unknownTypesAreRefused() throws {
        for type in UInt8.min ... .max where FrameType(rawValue: type) == nil {
            var decoder = try Self.started()
            decoder.append(ByteSlice(Self.header(type, channel: 3, size: 4)))
            let error = #expect(throws: ProtocolError.self) { _ = try decoder.next() }
            #expect(error?.kind == .frame)
            #expect(error?.channel == 3)
        }
    }

    @Test func aHeartbeatBelongsToChannelZero() throws {
        var decoder = try Self.started()
        decoder.append(ByteSlice(Self.frame(8, channel: 3, [])))
        let error = #expect(throws: ProtocolError.self) { _ = try decoder.next() }
        #expect(error?.kind == .unexpectedFrame)
    }

    @Test func everyWrongEndOctetIsRefused() throws {
        var refused = 0
        for end in UInt8.min ... .max where end != 0xCE {
            var decoder = try Self.started()
            decoder.append(ByteSlice(Self.frame(3, channel: 1, [1, 2], end: end)))
            let error = #expect(throws: ProtocolError.self) { _ = try decoder.next() }
            #expect(error?.kind == .frame)
            refused += 1
        }
        #expect(refused == 255)
    }

    // MARK: The start of the stream

    /// S27: what else may answer on a port, and what the error says.
    @Test(arguments: [
        Greeting("HTTP/1.1 400 Bad Request\r\n", "HTTP"), Greeting("HTTP/1.0 408 Request Timeout\r\n", "HTTP"),
        Greeting("Hello, world", "HTTP"), Greeting("SSH-2.0-OpenSSH_9.2\r\n", "SSH"),
        Greeting([0x15, 3, 1, 0, 2, 2, 40], "TLS"), Greeting([0x16, 3, 3, 0, 49, 2, 0, 0], "TLS"),
        Greeting([0x41, 0x4D, 0x51, 0x50, 0, 0, 9, 0], "0-9-0"),
        Greeting([0x41, 0x4D, 0x51, 0x50, 0, 0, 9, 1], "0-9-1"),
        Greeting([0x41, 0x4D, 0x51, 0x50, 0, 1, 0, 0], "1-0-0"),
        Greeting([0x41, 0x4D, 0x51, 0x50, 3, 1, 0, 0], "id 3"),
        Greeting([0x41, 0x4D, 0x51, 0x50, 1, 1, 0, 10], "id 1"), Greeting("AMQX....", "unknown"),
        Greeting("+OK POP3 ready\r\n", "unknown"), Greeting("220 smtp ESMTP\r\n", "unknown"),
        Greeting("-ERR unknown command\r\n", "unknown"), Greeting([0, 0, 0, 0, 0, 0, 0], "unknown"),
        Greeting([8, 0, 0, 0, 0, 0, 0, 0xCE], "unknown"), Greeting([0xFF, 0xFB, 1], "unknown"),
    ])
    func otherProtocolsAreRecognised(greeting: Greeting) {
        for pieces in [[greeting.bytes], greeting.bytes.map { [$0] }] {
            var decoder = FrameDecoder()
            var found: ProtocolError?
            for piece in pieces where found == nil {
                decoder.append(ByteSlice(piece))
                do {
                    #expect(try decoder.next() == nil)
                } catch {
                    found = error
                }
            }
            #expect(found?.kind == .notAMQP)
            #expect(found?.reason.contains(greeting.name) == true, "\(found?.reason ?? "no error")")
        }
    }

    @Test func theStartIsLookedAtOnce() throws {
        var decoder = try Self.started()
        decoder.append(ByteSlice(utf8: "HTTP/1.1"))
        let error = #expect(throws: ProtocolError.self) { _ = try decoder.next() }
        #expect(error?.kind == .frame)
    }

    // MARK: Behind an error

    @Test func behindAnErrorNothingIsDecoded() throws {
        var decoder = try Self.started()
        decoder.append(ByteSlice(Self.frame(8, []) + Self.frame(9, [1]) + Self.frame(8, [])))
        #expect(try decoder.next()?.type == .heartbeat)
        let first = #expect(throws: ProtocolError.self) { _ = try decoder.next() }
        for _ in 0 ..< 3 {
            decoder.append(ByteSlice(Self.stream))
            let again = #expect(throws: ProtocolError.self) { _ = try decoder.next() }
            #expect(again == first)
        }
    }
}

/// The first bytes of something that is not AMQP 0-9-1, and what the error calls it.
struct Greeting: Sendable, CustomTestStringConvertible {
    var bytes: [UInt8]
    var name: String

    init(_ bytes: [UInt8], _ name: String) {
        self.bytes = bytes
        self.name = name
    }

    init(_ text: String, _ name: String) {
        self.init(Array(text.utf8), name)
    }

    var testDescription: String { "\(ByteSlice(bytes)) \(name)" }
}
