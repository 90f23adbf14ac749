import AMQPProtocol

/// Puts the frames of one message together: the method, the header, and as many body frames as the header announces.
///
///     idle -> method received -> header received -> body complete -> idle
///
/// Frames of one channel come in exactly this order (specification 4.2.6). A message that lies in one chunk is handed
/// out in place; a body of several frames is assembled once, in memory that grows with what has arrived, never with what
/// was announced.
struct ContentAssembler {
    /// The method in front of the content, with the arguments that are needed before anybody asks for them.
    struct Head {
        /// Which method announced the content.
        enum Kind {
            case deliver
            case getOK
            case returned
        }

        var kind: Kind
        var chunk: Chunk
        /// Where the arguments start in the chunk, and where the method frame's payload ends.
        var argumentsOffset: Int
        var endOffset: Int
        /// Where the exchange's short string starts; the routing key's follows it.
        var exchangeOffset: Int
        var deliveryTag: UInt64
        var isRedelivered: Bool
    }

    /// A message whose last byte has come.
    struct Message {
        var head: Head
        var content: Content
    }

    private struct Announced {
        var head: Head
        var headerChunk: Chunk
        var propertiesOffset: Int
        var propertiesCount: Int
        var bodySize: Int
    }

    private enum State {
        case idle
        case awaitingHeader(Head)
        case awaitingBody(Announced)
        case assembling(Announced, BodyBuffer)
    }

    private var state = State.idle

    /// The largest body that is accepted.
    let messageSizeLimit: Int

    init(messageSizeLimit: Int) {
        self.messageSizeLimit = messageSizeLimit
    }

    /// Whether a message has begun and not ended.
    var isAssembling: Bool {
        if case .idle = state { false } else { true }
    }

    /// `basic.deliver`, `basic.get-ok` or `basic.return` came.
    mutating func receivedMethod(_ kind: Head.Kind, _ frame: Frame) throws(ProtocolError) {
        guard case .idle = state else { throw unexpected(frame, "a method between the frames of a message") }
        state = .awaitingHeader(try Head(kind, frame))
    }

    /// A header frame came; returns the message if it has no body.
    mutating func receivedHeader(_ frame: Frame) throws(ProtocolError) -> Message? {
        guard case .awaitingHeader(let head) = state else {
            throw unexpected(frame, "a header frame without a method that announces content")
        }
        let (classID, bodySize) = try frame.payload.withReader { (reader) throws(ProtocolError) in
            let classID = try reader.readUInt16()
            _ = try reader.readUInt16()
            return (classID, try reader.readUInt64())
        }
        guard classID == 60 else {
            throw unexpected(frame, "a content header of class \(classID) behind a basic method")
        }
        guard bodySize <= UInt64(messageSizeLimit) else {
            let reason = "a message with a body of \(bodySize) bytes; the limit is \(messageSizeLimit)"
            throw ProtocolError(.messageSize, channel: frame.channel, offset: 4, reason: reason)
        }
        let announced = Announced(
            head: head, headerChunk: frame.chunk, propertiesOffset: frame.offset + 12,
            propertiesCount: frame.count - 12,
            bodySize: Int(bodySize))
        if bodySize == 0 {
            state = .idle
            return message(announced, bodyChunk: announced.headerChunk, bodyOffset: frame.offset)
        }
        state = .awaitingBody(announced)
        return nil
    }

    /// A body frame came; returns the message if it is complete.
    mutating func receivedBody(_ frame: Frame) throws(ProtocolError) -> Message? {
        switch state {
        case .idle, .awaitingHeader:
            throw unexpected(frame, "a body frame without a content header")
        case .awaitingBody(let announced):
            if frame.count == announced.bodySize {
                state = .idle
                return message(announced, bodyChunk: frame.chunk, bodyOffset: frame.offset)
            }
            let buffer = BodyBuffer(size: announced.bodySize)
            return try appendBody(frame, announced, buffer)
        case .assembling(let announced, let buffer):
            state = .idle
            return try appendBody(frame, announced, buffer)
        }
    }

    /// Forgets a message that has begun.
    mutating func reset() {
        state = .idle
    }

    private mutating func appendBody(
        _ frame: Frame, _ announced: Announced, _ buffer: BodyBuffer
    ) throws(ProtocolError) -> Message? {
        guard frame.count <= announced.bodySize - buffer.count else {
            let reason = "a body of more than the \(announced.bodySize) bytes that its header announced"
            throw ProtocolError(.bodySize, channel: frame.channel, reason: reason)
        }
        buffer.append(frame)
        if buffer.count == announced.bodySize {
            state = .idle
            return message(announced, bodyChunk: buffer.chunk, bodyOffset: 0)
        }
        state = .assembling(announced, buffer)
        return nil
    }

    /// Builds the message. Method and header usually share a chunk; if not, both are copied into one of their own.
    private func message(_ announced: Announced, bodyChunk: Chunk, bodyOffset: Int) -> Message {
        var head = announced.head
        var propertiesOffset = announced.propertiesOffset
        if head.chunk !== announced.headerChunk {
            let methodCount = head.endOffset - head.argumentsOffset
            let copy = Chunk(capacity: methodCount + announced.propertiesCount)
            copy.copy(from: head.chunk, at: head.argumentsOffset, count: methodCount, to: 0)
            copy.copy(
                from: announced.headerChunk, at: propertiesOffset, count: announced.propertiesCount, to: methodCount)
            head.exchangeOffset -= head.argumentsOffset
            head.endOffset = methodCount
            head.argumentsOffset = 0
            head.chunk = copy
            propertiesOffset = methodCount
        }
        let content = Content(
            chunk: head.chunk, exchangeOffset: head.exchangeOffset, propertiesOffset: propertiesOffset,
            propertiesCount: announced.propertiesCount, bodyChunk: bodyChunk === head.chunk ? nil : bodyChunk,
            bodyOffset: bodyOffset, bodyCount: announced.bodySize)
        return Message(head: head, content: content)
    }

    private func unexpected(_ frame: Frame, _ reason: String) -> ProtocolError {
        ProtocolError(.unexpectedFrame, method: frame.methodID, channel: frame.channel, reason: reason)
    }
}

extension ContentAssembler.Head {
    /// Checks the arguments of the method in `frame` and notes where they are.
    fileprivate init(_ kind: Kind, _ frame: Frame) throws(ProtocolError) {
        self.kind = kind
        self.chunk = frame.chunk
        self.argumentsOffset = frame.offset + 4
        self.endOffset = frame.offset + frame.count
        let method: MethodID =
            switch kind {
            case .deliver: .basicDeliver
            case .getOK: .basicGetOK
            case .returned: .basicReturn
            }
        (exchangeOffset, deliveryTag, isRedelivered) =
            try frame.payload.withReader(method: method) { (reader) throws(ProtocolError) in
                reader.seek(to: 4)
                var tag: UInt64 = 0
                var isRedelivered = false
                switch kind {
                case .deliver:
                    _ = try reader.readShortBytes()
                    tag = try reader.readUInt64()
                    isRedelivered = try reader.readUInt8() & 1 != 0
                case .getOK:
                    tag = try reader.readUInt64()
                    isRedelivered = try reader.readUInt8() & 1 != 0
                case .returned:
                    _ = try reader.readUInt16()
                    _ = try reader.readShortBytes()
                }
                let exchange = reader.offset
                _ = try reader.readShortBytes()
                _ = try reader.readShortBytes()
                if kind == .getOK { _ = try reader.readUInt32() }
                try reader.expectEnd()
                return (frame.offset + exchange, tag, isRedelivered)
            }
    }
}

/// The memory that a body of several frames is assembled in.
///
/// Up to 1 MiB it has the announced size; beyond that it grows with what has arrived.
final class BodyBuffer {
    private static let firstCapacity = 1_048_576

    private(set) var chunk: Chunk
    private(set) var count = 0
    private let size: Int

    init(size: Int) {
        self.size = size
        self.chunk = Chunk(capacity: min(size, BodyBuffer.firstCapacity))
    }

    func append(_ frame: Frame) {
        if chunk.capacity - count < frame.count {
            let larger = Chunk(capacity: min(size, max(chunk.capacity * 2, count + frame.count)))
            larger.copy(from: chunk, at: 0, count: count, to: 0)
            chunk = larger
        }
        chunk.copy(from: frame.chunk, at: frame.offset, count: frame.count, to: count)
        count += frame.count
    }
}

extension Chunk {
    /// Copies a range of another chunk; the caller is the writer of this one.
    func copy(from other: Chunk, at offset: Int, count: Int, to position: Int) {
        let source = UnsafeRawBufferPointer(rebasing: other.writable(from: offset)[..<count])
        writable(from: position).copyMemory(from: source)
    }
}
