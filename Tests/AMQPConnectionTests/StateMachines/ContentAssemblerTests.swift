internal import AMQPProtocol
internal import Testing

@testable internal import AMQPConnection

@Suite struct ContentAssemblerTests {
    static let deliver = BasicDeliver(
        consumerTag: "tag", deliveryTag: 42, redelivered: true, exchange: "ex", routingKey: "key")

    static func returned(routingKey: String, body: [UInt8]) throws -> ReturnedMessage {
        var bytes = FrameBytes()
        bytes.content(
            BasicReturn(replyCode: 312, replyText: "NO_ROUTE", exchange: "ex", routingKey: routingKey), body: body)
        var assembler = ContentAssembler(messageSizeLimit: 1000)
        let message = try assembler.feed(try bytes.frames())
        return ReturnedMessage(try #require(message.first))
    }

    @Test(arguments: [0, 1, 4087, 4088, 4089, 8176, 8177, 20_000])
    func aMessageOfAnySizeIsWhatWasSent(size: Int) throws {
        let body = (0 ..< size).map { UInt8(truncatingIfNeeded: $0 * 31) }
        let properties = MessageProperties(contentType: "text/plain", headers: ["a": 1], deliveryMode: .persistent)
        var bytes = FrameBytes()
        bytes.content(Self.deliver, properties: properties, body: body)
        var assembler = ContentAssembler(messageSizeLimit: 20_000)
        let messages = try assembler.feed(try bytes.frames())
        #expect(messages.count == 1)
        let delivery = Delivery(try #require(messages.first))
        #expect(delivery.tag == 42)
        #expect(delivery.isRedelivered)
        #expect(delivery.consumerTag == "tag")
        #expect(delivery.exchange == "ex")
        #expect(delivery.routingKey == "key")
        #expect(delivery.messageCount == nil)
        #expect(try delivery.properties == properties)
        #expect(Array(delivery.body) == body)
        #expect(!assembler.isAssembling)
    }

    @Test func aMessageWhoseFramesLieInDifferentChunksIsWhole() throws {
        let properties = MessageProperties(contentType: "text/plain", appID: "app")
        for body in [[], [1, 2, 3], Array(repeating: 9, count: 5000)] as [[UInt8]] {
            var bytes = FrameBytes()
            bytes.content(Self.deliver, properties: properties, body: body)
            let frames = try bytes.frames().map { try $0.inItsOwnChunk() }
            var assembler = ContentAssembler(messageSizeLimit: 20_000)
            let messages = try assembler.feed(frames)
            let delivery = Delivery(try #require(messages.first))
            for delivery in [delivery, delivery.copied(), delivery.copied().copied()] {
                #expect(delivery.consumerTag == "tag")
                #expect(delivery.exchange == "ex")
                #expect(delivery.routingKey == "key")
                #expect(try delivery.properties == properties)
                #expect(Array(delivery.body) == body)
            }
        }
    }

    @Test func whatBasicGetReceivesKnowsHowManyAreLeft() throws {
        var bytes = FrameBytes()
        bytes.content(
            BasicGetOK(
                deliveryTag: 5, redelivered: false, exchange: "ex", routingKey: "key", messageCount: 0x0102_0304),
            body: [1])
        for inOwnChunks in [false, true] {
            var copy = bytes
            var assembler = ContentAssembler(messageSizeLimit: 10)
            let frames = try copy.frames()
            let messages = try assembler.feed(inOwnChunks ? try frames.map { try $0.inItsOwnChunk() } : frames)
            let delivery = Delivery(try #require(messages.first))
            for delivery in [delivery, delivery.copied()] {
                #expect(delivery.tag == 5)
                #expect(delivery.consumerTag == nil)
                #expect(delivery.messageCount == 0x0102_0304)
                #expect(delivery.routingKey == "key")
            }
        }
    }

    @Test func aReturnedMessageSaysWhy() throws {
        let message = try Self.returned(routingKey: "nowhere", body: [1, 2])
        #expect(message.replyCode == 312)
        #expect(message.replyText == "NO_ROUTE")
        #expect(message.exchange == "ex")
        #expect(message.routingKey == "nowhere")
        #expect(Array(message.body) == [1, 2])
    }

    @Test func emptyBodyFramesChangeNothing() throws {
        var bytes = FrameBytes()
        bytes.method(.basicDeliver(Self.deliver))
        bytes.header(bodySize: 3)
        for piece in [[], [1], [], [], [2, 3]] as [[UInt8]] { bytes.body(piece) }
        var assembler = ContentAssembler(messageSizeLimit: 10)
        let messages = try assembler.feed(try bytes.frames())
        #expect(messages.map { Array($0.content.body) } == [[1, 2, 3]])
    }

    // MARK: What is not allowed

    @Test(arguments: [101, 1 << 40, UInt64(Int64.max), UInt64(Int64.max) + 1, .max])
    func anAnnouncedSizeOverTheLimitIsRefusedOnTheHeader(size: UInt64) throws {
        var bytes = FrameBytes()
        bytes.method(.basicDeliver(Self.deliver))
        bytes.header(bodySize: size)
        var assembler = ContentAssembler(messageSizeLimit: 100)
        let frames = try bytes.frames()
        let error = violation { _ = try assembler.feed(frames) }
        #expect(error?.kind == .messageSize)
        #expect(error?.replyCode == 311)
        #expect(error?.channel == 1)
    }

    @Test func aBodyOfExactlyTheLimitIsTaken() throws {
        var bytes = FrameBytes()
        bytes.content(Self.deliver, body: Array(repeating: 1, count: 100))
        var assembler = ContentAssembler(messageSizeLimit: 100)
        #expect(try assembler.feed(try bytes.frames()).count == 1)
    }

    @Test(arguments: [[4], [1, 3], [3, 1], [0, 4]])
    func aBodyLongerThanAnnouncedIsRefused(pieces: [Int]) throws {
        var bytes = FrameBytes()
        bytes.method(.basicDeliver(Self.deliver))
        bytes.header(bodySize: 3)
        for piece in pieces { bytes.body(Array(repeating: 1, count: piece)) }
        var assembler = ContentAssembler(messageSizeLimit: 100)
        let frames = try bytes.frames()
        let error = violation { _ = try assembler.feed(frames) }
        #expect(error?.kind == (pieces == [3, 1] ? .unexpectedFrame : .bodySize))
    }

    @Test func framesOutOfOrderAreRefused() throws {
        enum Step: CaseIterable {
            case method, header, body
        }
        let allowed: [[Step]] = [[.method, .header, .body]]
        for first in Step.allCases {
            for second in Step.allCases {
                for third in Step.allCases where !allowed.contains([first, second, third]) {
                    var bytes = FrameBytes()
                    for step in [first, second, third] {
                        switch step {
                        case .method: bytes.method(.basicDeliver(Self.deliver))
                        case .header: bytes.header(bodySize: 2)
                        case .body: bytes.body([1, 2])
                        }
                    }
                    var assembler = ContentAssembler(messageSizeLimit: 100)
                    let frames = try bytes.frames()
                    let error = violation { _ = try assembler.feed(frames) }
                    #expect(error?.kind == .unexpectedFrame, "\(first) \(second) \(third)")
                }
            }
        }
    }

    @Test(arguments: [10, 50, 61, 0, 65535] as [UInt16])
    func aHeaderOfAnotherClassIsRefused(classID: UInt16) throws {
        var bytes = FrameBytes()
        bytes.method(.basicDeliver(Self.deliver))
        bytes.header(bodySize: 0, classID: classID)
        var assembler = ContentAssembler(messageSizeLimit: 100)
        let frames = try bytes.frames()
        #expect(violation { _ = try assembler.feed(frames) }?.kind == .unexpectedFrame)
    }

    @Test func aHeaderWithoutBodyEndsAtTheHeader() throws {
        var bytes = FrameBytes()
        bytes.method(.basicDeliver(Self.deliver))
        bytes.header(bodySize: 0)
        bytes.body([])
        var assembler = ContentAssembler(messageSizeLimit: 100)
        let frames = try bytes.frames()
        #expect(violation { _ = try assembler.feed(frames) }?.kind == .unexpectedFrame)
    }

    @Test func argumentsCutAnywhereAreRefused() throws {
        for (kind, method) in [
            (ContentAssembler.Head.Kind.deliver, Method.basicDeliver(Self.deliver)),
            (
                .getOK,
                .basicGetOK(.init(deliveryTag: 1, redelivered: false, exchange: "e", routingKey: "r", messageCount: 1))
            ),
            (.returned, .basicReturn(.init(replyCode: 312, replyText: "t", exchange: "e", routingKey: "r"))),
        ] {
            var bytes = FrameBytes()
            bytes.method(method)
            let frame = try #require(try bytes.frames().first)
            for count in 4 ..< frame.count {
                let cut = Frame(type: .method, channel: 1, chunk: frame.chunk, offset: frame.offset, count: count)
                var assembler = ContentAssembler(messageSizeLimit: 100)
                #expect(violation { try assembler.receivedMethod(kind, cut) }?.kind == .syntax)
            }
            let longer = Frame(
                type: .method, channel: 1, chunk: frame.chunk, offset: frame.offset, count: frame.count + 1)
            var assembler = ContentAssembler(messageSizeLimit: 100)
            #expect(violation { try assembler.receivedMethod(kind, longer) }?.kind == .syntax)
        }
    }

    @Test func resettingForgetsWhatHasBegun() throws {
        var bytes = FrameBytes()
        bytes.method(.basicDeliver(Self.deliver))
        bytes.header(bodySize: 3)
        var assembler = ContentAssembler(messageSizeLimit: 100)
        _ = try assembler.feed(try bytes.frames())
        #expect(assembler.isAssembling)
        assembler.reset()
        #expect(!assembler.isAssembling)
        bytes.content(Self.deliver, body: [1])
        #expect(try assembler.feed(try bytes.frames()).count == 1)
    }

    @Test func anAnnouncedSizeIsNotReserved() throws {
        var bytes = FrameBytes()
        bytes.method(.basicDeliver(Self.deliver))
        bytes.header(bodySize: 1 << 40)
        bytes.body([1])
        var assembler = ContentAssembler(messageSizeLimit: 1 << 41)
        #expect(try assembler.feed(try bytes.frames()).isEmpty)
        let buffer = BodyBuffer(size: 1 << 40)
        #expect(buffer.chunk.capacity <= 1_048_576)
    }
}

extension ContentAssembler {
    /// Feeds frames as a channel does; returns the messages that they complete.
    fileprivate mutating func feed(_ frames: [Frame]) throws -> [Message] {
        var messages: [Message] = []
        for frame in frames {
            switch frame.type {
            case .method:
                let kind: Head.Kind =
                    switch frame.methodID {
                    case MethodID.basicDeliver: .deliver
                    case MethodID.basicGetOK: .getOK
                    default: .returned
                    }
                try receivedMethod(kind, frame)
            case .header: if let message = try receivedHeader(frame) { messages.append(message) }
            case .body: if let message = try receivedBody(frame) { messages.append(message) }
            case .heartbeat: break
            }
        }
        return messages
    }
}

extension Frame {
    /// The same frame as if nothing else had been received with it.
    fileprivate func inItsOwnChunk() throws -> Frame {
        var bytes = FrameBytes()
        bytes.raw(type: type.rawValue, channel: channel, payload: Array(payload))
        return try #require(try bytes.frames().first)
    }
}
