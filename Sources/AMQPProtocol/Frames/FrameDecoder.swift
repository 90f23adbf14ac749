/// Receives a byte stream and cuts it into frames, in place.
///
/// Bytes are put into the decoder's own chunk (``withReceiveMemory(_:)``, or ``append(_:)`` for bytes that are in
/// memory already), and ``next()`` hands out the frames that are complete. A frame's size is checked on its header,
/// before its payload is waited for. After an error nothing is decoded any more: every further call throws it again.
///
/// The chunk grows from 64 KiB to 1 MiB while reads fill it and shrinks when they do not; it is used again from its
/// start whenever nobody else holds it.
public struct FrameDecoder: Sendable {
    static let smallestChunk = 65_536
    static let largestChunk = 1_048_576
    static let smallestRead = 4096

    @usableFromInline package private(set) var chunk: Chunk
    @usableFromInline var readIndex = 0
    @usableFromInline var writeIndex = 0
    @usableFromInline var failure: ProtocolError?
    private var nextCapacity = FrameDecoder.smallestChunk
    private var largestRead = 0

    /// Whether the first frame is still to come: only then other protocols are recognised.
    @usableFromInline var isAtStart = true

    /// The largest frame that is accepted, in bytes, header and end octet included.
    public var frameLimit: Int

    /// Makes a decoder for the start of a connection.
    ///
    /// - Parameter frameLimit: the largest frame that is accepted, in bytes.
    public init(frameLimit: Int = Framing.limitBeforeTune) {
        self.frameLimit = frameLimit
        self.chunk = Chunk(capacity: FrameDecoder.smallestChunk)
    }

    /// The number of bytes received and not yet handed out.
    public var bufferedByteCount: Int { writeIndex - readIndex }

    /// Gives `read` the memory that the next bytes belong to, and takes what it says it wrote.
    ///
    /// - Parameter read: writes to the start of the memory and returns the number of bytes written; a value outside
    ///   the memory counts as 0.
    /// - Returns: what `read` returned.
    @discardableResult
    public mutating func withReceiveMemory(_ read: (UnsafeMutableRawBufferPointer) -> Int) -> Int {
        makeRoom(for: FrameDecoder.smallestRead)
        let memory = chunk.writable(from: writeIndex)
        let count = read(memory)
        guard count > 0, count <= memory.count else { return count }
        writeIndex += count
        largestRead = max(largestRead, count)
        if count == memory.count { nextCapacity = min(chunk.capacity * 2, FrameDecoder.largestChunk) }
        return count
    }

    /// Copies received bytes into the decoder.
    public mutating func append(_ bytes: UnsafeRawBufferPointer) {
        var rest = bytes[...]
        while !rest.isEmpty {
            withReceiveMemory { memory in
                let piece = rest.prefix(memory.count)
                memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: piece))
                rest = rest.dropFirst(piece.count)
                return piece.count
            }
        }
    }

    /// Drops what was received and not handed out: nothing is decoded any more.
    package mutating func dropBuffered() {
        readIndex = writeIndex
    }

    /// Copies received bytes into the decoder.
    public mutating func append(_ bytes: ByteSlice) {
        bytes.withUnsafeBytes { append($0) }
    }

    /// Makes room behind the unread bytes: at least `minimum`, and all of the frame that has begun.
    private mutating func makeRoom(for minimum: Int) {
        let unread = writeIndex - readIndex
        let isAlone = isKnownUniquelyReferenced(&chunk)
        if unread == 0, isAlone {
            readIndex = 0
            writeIndex = 0
        }
        let needed = max(minimum, announcedFrameSize() - unread)
        let wantsLarger = unread == 0 && nextCapacity > chunk.capacity
        guard chunk.capacity - writeIndex < needed || wantsLarger else { return }
        if isAlone, unread + needed <= chunk.capacity, !wantsLarger {
            let memory = chunk.writable(from: 0)
            memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[readIndex ..< writeIndex]))
        } else {
            if largestRead < chunk.capacity / 4 { nextCapacity = max(chunk.capacity / 2, FrameDecoder.smallestChunk) }
            largestRead = 0
            let next = Chunk(capacity: max(nextCapacity, unread + needed))
            let unreadBytes = UnsafeRawBufferPointer(rebasing: chunk.writable(from: 0)[readIndex ..< writeIndex])
            next.writable(from: 0).copyMemory(from: unreadBytes)
            chunk = next
        }
        readIndex = 0
        writeIndex = unread
    }

    /// The size of the frame at the read index if its header is there and acceptable, else 0.
    private func announcedFrameSize() -> Int {
        guard writeIndex - readIndex >= Framing.headerSize else { return 0 }
        let bytes = UnsafeRawBufferPointer(chunk.writable(from: readIndex))
        let size = Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 3, as: UInt32.self))) + Framing.overhead
        return size <= frameLimit ? size : 0
    }

    /// The next complete frame, or `nil` if more bytes are needed.
    ///
    /// - Throws: what is wrong with the stream; it is over then.
    @inlinable
    public mutating func next() throws(ProtocolError) -> Frame? {
        let available = writeIndex - readIndex
        if available < Framing.headerSize || isAtStart || failure != nil {
            guard try mayDecode(available) else { return nil }
        }
        let bytes = UnsafeRawBufferPointer(chunk.writable(from: readIndex))
        let channel = UInt16(bigEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt16.self))
        let count = Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 3, as: UInt32.self)))
        guard let type = FrameType(rawValue: bytes[0]) else {
            throw fail(.frame, channel, 0, "frame type \(bytes[0]); 1, 2, 3 and 8 exist")
        }
        guard count + Framing.overhead <= frameLimit else {
            let size = count + Framing.overhead
            throw fail(.frameSize, channel, 3, "a frame of \(size) bytes; the limit is \(frameLimit)")
        }
        try checkSize(count, of: type, channel)
        guard available >= count + Framing.overhead else { return nil }
        guard bytes[Framing.headerSize + count] == Framing.end else {
            let found = bytes[Framing.headerSize + count]
            throw fail(.frame, channel, count, "a frame ends with octet \(found) instead of 206")
        }
        let frame = Frame(
            type: type, channel: channel, chunk: chunk, offset: readIndex + Framing.headerSize, count: count)
        readIndex += count + Framing.overhead
        return frame
    }

    /// Checks for the payload sizes that a type cannot have.
    @inlinable
    mutating func checkSize(_ count: Int, of type: FrameType, _ channel: UInt16) throws(ProtocolError) {
        switch type {
        case .method where count < 4:
            throw fail(.frameSize, channel, 3, "a method frame with \(count) bytes of payload; it has at least 4")
        case .header where count < Framing.minimumContentHeader:
            throw fail(.frameSize, channel, 3, "a header frame with \(count) bytes of payload; it has at least 14")
        case .heartbeat where count != 0:
            throw fail(.frameSize, channel, 3, "a heartbeat frame with \(count) bytes of payload; it has none")
        case .heartbeat where channel != 0:
            throw fail(.unexpectedFrame, channel, 1, "a heartbeat on channel \(channel); it belongs to channel 0")
        case .method, .header, .body, .heartbeat:
            return
        }
    }

    /// The rare cases: a stream that has failed, too few bytes for a header, and the very first frame.
    @usableFromInline
    mutating func mayDecode(_ available: Int) throws(ProtocolError) -> Bool {
        if let failure { throw failure }
        guard available > 0 else { return false }
        if isAtStart {
            let bytes = UnsafeRawBufferPointer(rebasing: chunk.writable(from: readIndex)[..<available])
            guard try isStartOfFrames(bytes) else { return false }
        }
        guard available >= Framing.headerSize else { return false }
        isAtStart = false
        return true
    }

    /// Recognises streams that are not AMQP 0-9-1 by their first bytes.
    ///
    /// - Returns: whether frames begin; `false` while a protocol header is incomplete, which is one byte longer than the
    ///   header of a frame.
    private mutating func isStartOfFrames(_ bytes: UnsafeRawBufferPointer) throws(ProtocolError) -> Bool {
        guard let first = bytes.first, first != FrameType.method.rawValue else { return true }
        let sample = Array(bytes.prefix(8))
        let isAMQP = sample.prefix(4).elementsEqual(Framing.protocolHeader.prefix(min(4, sample.count)))
        if isAMQP, sample.count < 8 { return false }
        let text = String(decoding: sample.map { (0x20 ... 0x7E).contains($0) ? $0 : 0x2E }, as: UTF8.self)
        let guess =
            switch first {
            case UInt8(ascii: "A") where isAMQP:
                "the broker wants AMQP \(sample[5])-\(sample[6])-\(sample[7]), protocol id \(sample[4])"
            case UInt8(ascii: "H"): "perhaps an HTTP server"
            case UInt8(ascii: "S"): "perhaps an SSH server"
            case 0x15, 0x16: "perhaps a TLS server"
            default: "an unknown protocol"
            }
        throw fail(.notAMQP, nil, 0, "the stream is not AMQP 0-9-1: it begins with \"\(text)\", \(guess)")
    }

    /// Ends the stream with an error.
    @usableFromInline
    mutating func fail(
        _ kind: ProtocolError.Kind, _ channel: UInt16?, _ offset: Int, _ reason: String
    ) -> ProtocolError {
        let error = ProtocolError(kind, channel: channel, offset: offset, reason: reason)
        failure = error
        return error
    }
}
