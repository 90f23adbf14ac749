public import AMQPConnection

/// One end of a stream in memory; see ``MemoryPipe``.
///
/// It keeps its handler, and both ends keep each other, until ``AMQPConnection/StreamHandler/streamClosed(_:)`` was
/// called.
public final class MemoryTransport: StreamTransport {
    private enum State {
        case open
        /// `close()` was called: what is queued is sent first.
        case closing
        /// The terminal event is due or was made.
        case ended
    }

    /// By which call bytes come to the handler. Default: ``MemoryReadStyle/received``.
    public var readStyle = MemoryReadStyle.received
    public let peerAddress: SocketAddress?

    private let outbound: MemoryLink
    private let inbound: MemoryLink
    private let schedule: (Duration, @escaping () -> Void) -> Void
    private var peer: MemoryTransport?
    private var handler: (any StreamHandler)?
    private var queue: [ByteSlice] = []
    private var state = State.open
    private var isPaused = false
    private var isFlushed = false
    /// What ended the stream before it was started.
    private var pendingEnd: StreamCut?

    public private(set) var unsentByteCount = 0

    init(
        outbound: MemoryLink, inbound: MemoryLink, peerAddress: SocketAddress?,
        schedule: @escaping (Duration, @escaping () -> Void) -> Void
    ) {
        self.outbound = outbound
        self.inbound = inbound
        self.peerAddress = peerAddress
        self.schedule = schedule
        outbound.sender = self
        inbound.receiver = self
    }

    /// Whether the terminal event is due or was made.
    public var isEnded: Bool {
        if case .ended = state { true } else { false }
    }

    // MARK: - StreamTransport

    public func start(_ handler: any StreamHandler) {
        guard self.handler == nil, !isEnded else { return }
        self.handler = handler
        if let pendingEnd { lost(pendingEnd) }
        inbound.arrange()
    }

    public func send(_ bytes: ByteSlice) {
        guard case .open = state, !bytes.isEmpty else { return }
        queue.append(bytes)
        unsentByteCount += bytes.count
        isFlushed = false
    }

    public func flush() {
        guard case .open = state else { return }
        isFlushed = true
        pump()
    }

    public func pauseReading() { isPaused = true }

    public func resumeReading() {
        isPaused = false
        inbound.arrange()
    }

    public func close() {
        guard case .open = state else { return }
        state = .closing
        isFlushed = true
        pump()
    }

    public func abort() {
        guard !isEnded else { return }
        let peer = self.peer
        end(nil)
        schedule(.zero) { peer?.lost(.reset) }
    }

    // MARK: - The links' side

    func attach(peer: MemoryTransport) { self.peer = peer }

    var takesBytes: Bool {
        guard case .open = state else { return false }
        return handler != nil && !isPaused
    }

    /// Gives queued bytes to the link as far as it has room.
    func pump() {
        guard isFlushed, !isEnded else { return }
        var sent = 0
        while let first = queue.first, outbound.room > 0 {
            let part = first.prefix(outbound.room)
            queue[0] = first.dropFirst(part.count)
            if queue[0].isEmpty { queue.removeFirst() }
            sent += part.count
            unsentByteCount -= part.count
            outbound.accept(part)
        }
        if case .closing = state, queue.isEmpty {
            outbound.finish()
            end(nil)
        } else if sent > 0 {
            schedule(.zero) { [self] in
                if !isEnded { handler?.streamSent(sent) }
            }
        }
    }

    /// Hands bytes to the handler; returns how many it took.
    func receive(_ bytes: [UInt8]) -> Int {
        guard let handler else { return 0 }
        switch readStyle {
        case .received:
            bytes.withUnsafeBytes { handler.streamReceived($0) }
            return bytes.count
        case .readable:
            var taken = 0
            handler.streamReadable { memory in
                let count = min(memory.count, bytes.count - taken)
                memory.copyBytes(from: bytes[taken ..< taken + count])
                taken += count
                return count
            }
            return taken
        }
    }

    /// The stream is over, and not by our own wish.
    func lost(_ kind: StreamCut) {
        guard !isEnded else { return }
        guard handler != nil else {
            pendingEnd = kind
            return
        }
        let reason = kind == .reset ? "the stream was reset" : "the peer closed the stream"
        end(AMQPError(.streamLost, blame: .transport, reason))
    }

    private func end(_ error: AMQPError?) {
        state = .ended
        queue.removeAll()
        unsentByteCount = 0
        peer = nil
        schedule(.zero) { [self] in
            let handler = self.handler
            self.handler = nil
            handler?.streamClosed(error)
            inbound.sender?.pump()
        }
    }
}

@available(*, unavailable)
extension MemoryTransport: Sendable {}
