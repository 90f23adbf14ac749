#if NIO
import AMQPConnection
import AMQPPosix
import AMQPProtocol
import NIOCore

/// The last handler of a channel's pipeline: a byte stream for a connection.
///
/// Bytes that the channel reads are handed over in one turn for each burst. The channel is read only while the stream wants
/// it: the read that the channel asks for itself is held back meanwhile. Output is written with one flush.
///
///     idle -> open -> closing -> closed
///       |       |        |
///       +-------+--------+-> closed
final class PipelineEnd: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private enum State {
        /// Not started: what is sent goes out, what comes is kept.
        case idle
        case open
        /// Closed by us, with output left.
        case closing
        /// The channel is nobody's any more, or closed; the handler may not have heard of it yet.
        case closed
    }

    /// Output of more bytes than this is written in pieces, so that what the socket takes is seen on the way.
    private static let pieceSize = 262_144

    private let host: HostedLoop
    private(set) var peerAddress: AMQPConnection.SocketAddress?
    private var context: ChannelHandlerContext?
    private var state = State.idle
    private var handler: (any StreamHandler)?

    private var input = CircularBuffer<ByteBuffer>()
    private var isPaused = false
    /// Whether the channel wanted to read and was told to wait.
    private var isReadHeld = false

    private var output: [ByteBuffer] = []
    /// The memory of the last output, for the next.
    private var spare = ByteBuffer()
    private var queuedByteCount = 0
    private var writtenByteCount = 0
    /// What was sent and the handler has not heard of.
    private var untoldByteCount = 0

    private var isObserving = false
    /// Whether the handler is inside a call of ours: nothing may be told then.
    private var isInCall = false
    private var isAbandoned = false
    private var failure: (any Error)?
    /// How the stream ended, until the handler has heard of it.
    private var ending: AMQPError??
    private var linger: Scheduled<Void>?

    init(_ host: HostedLoop, peerAddress: AMQPConnection.SocketAddress? = nil) {
        self.host = host
        self.peerAddress = peerAddress
    }

    /// An error of SwiftNIO's, as this library's if it is the system's.
    static func systemError(_ error: any Error, _ call: String) -> any Error {
        (error as? IOError).map { System.error($0.errnoCode, of: call) } ?? error
    }

    // MARK: The stream

    var unsentByteCount: Int { queuedByteCount + writtenByteCount }

    func start(_ handler: any StreamHandler) {
        guard self.handler == nil, ending != nil || state == .idle else { return }
        self.handler = handler
        host.add(self)
        if state == .idle { state = .open }
        if !input.isEmpty || ending != nil { handOverLater() }
        if untoldByteCount > 0 { observeTurn() }
        readOn()
    }

    func send(_ bytes: ByteSlice) {
        guard state == .idle || state == .open, ending == nil else { return }
        bytes.withUnsafeBytes { memory in
            var rest = memory[...]
            while !rest.isEmpty {
                let room = output.last.map { PipelineEnd.pieceSize - $0.readableBytes } ?? 0
                guard room > 0 else {
                    startPiece()
                    continue
                }
                output[output.count - 1].writeBytes(UnsafeRawBufferPointer(rebasing: rest.prefix(room)))
                rest = rest.dropFirst(room)
            }
            queuedByteCount += memory.count
        }
    }

    private func startPiece() {
        var piece = ByteBuffer()
        swap(&piece, &spare)
        piece.clear()
        output.append(piece)
    }

    func flush() {
        guard state == .idle || state == .open else { return }
        writeOutput()
    }

    func pauseReading() {
        isPaused = true
    }

    func resumeReading() {
        guard isPaused else { return }
        isPaused = false
        guard state == .open else { return }
        if !input.isEmpty || ending != nil { handOverLater() }
        readOn()
    }

    /// Sends what is queued, then ends the sending direction and closes. What still comes is dropped.
    func close() {
        guard state == .idle || state == .open else { return }
        guard ending == nil else { return abort() }
        state = .closing
        input.removeAll()
        writeOutput()
        if state == .closing && unsentByteCount == 0 { closeGracefully() }
    }

    func abort() {
        guard state != .closed else { return }
        state = .closed
        dropAll()
        ending = .some(nil)
        closeChannel()
        observeTurn()
    }

    /// Nobody will start the stream: closes the channel.
    func abandon() {
        guard !isAbandoned, handler == nil else { return }
        isAbandoned = true
        state = .closed
        dropAll()
        closeChannel()
    }

    // MARK: Output

    private func writeOutput() {
        guard !output.isEmpty else { return }
        guard let context else { return dropOutput() }
        let pieces = output
        output.removeAll(keepingCapacity: true)
        if let first = pieces.first { spare = first }
        writtenByteCount += queuedByteCount
        queuedByteCount = 0
        inCall {
            for piece in pieces {
                let count = piece.readableBytes
                let promise = context.eventLoop.makePromise(of: Void.self)
                promise.futureResult.assumeIsolated().whenComplete { self.written(count, $0) }
                context.write(wrapOutboundOut(piece), promise: promise)
            }
            context.flush()
        }
    }

    private func written(_ count: Int, _ result: Result<Void, any Error>) {
        writtenByteCount = max(writtenByteCount - count, 0)
        switch result {
        case .success:
            untoldByteCount += count
        case .failure(let error):
            failure = failure ?? error
            // Most channels end by themselves then; one that does not would lose bytes from the middle.
            if state != .closed { closeChannel() }
            return
        }
        if state == .closing && unsentByteCount == 0 { closeGracefully() }
        observeTurn()
    }

    private func tellSent() {
        guard untoldByteCount > 0, let handler else { return }
        let count = untoldByteCount
        untoldByteCount = 0
        handler.streamSent(count)
    }

    private func dropOutput() {
        output.removeAll()
        queuedByteCount = 0
        writtenByteCount = 0
    }

    private func dropAll() {
        input.removeAll()
        dropOutput()
    }

    // MARK: Input

    /// Hands over what was read, then the end if it has come; in a turn, never inside a call of the handler's.
    private func handOver() {
        while state == .open, !isPaused, let handler, let bytes = input.popFirst() {
            bytes.withUnsafeReadableBytes { memory in
                if !memory.isEmpty { handler.streamReceived(memory) }
            }
        }
        if input.isEmpty { tellEnd() }
        readOn()
    }

    private func handOverNow() {
        if isInCall || host.isInTurn { handOverLater() } else { host.turn { handOver() } }
    }

    private func handOverLater() {
        host.callLater(.zero) { self.handOver() }
    }

    /// Whether the channel may read. Before the start it may until something has come: a TLS handshake needs it.
    private var mayRead: Bool {
        switch state {
        case .idle: input.isEmpty
        case .open: !isPaused && input.isEmpty
        case .closing, .closed: true
        }
    }

    private func readOn() {
        guard isReadHeld, mayRead, let context else { return }
        isReadHeld = false
        inCall { context.read() }
    }

    // MARK: The end

    /// All output is with the kernel. Closing with unread input makes it send a reset, which can destroy bytes that the
    /// peer has not read yet; so what still comes is dropped, until the peer closes or a second has passed.
    private func closeGracefully() {
        state = .closed
        ending = .some(nil)
        observeTurn()
        guard let context else { return }
        linger = context.eventLoop.assumeIsolated().scheduleTask(in: .seconds(1)) { self.closeChannel() }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenFailure { _ in self.closeChannel() }
        inCall { context.close(mode: .output, promise: promise) }
        readOn()
    }

    private func closeChannel() {
        guard let context else { return }
        inCall { context.close(promise: nil) }
    }

    /// The channel is gone.
    private func lost() {
        linger?.cancel()
        linger = nil
        guard ending == nil, !isAbandoned else { return }
        let isOurs = state == .closing
        if isOurs { input.removeAll() }
        dropOutput()
        let underlying = failure.map { PipelineEnd.systemError($0, "stream") }
        let reason = underlying == nil ? "the peer closed the stream" : "the stream broke"
        ending = .some(isOurs ? nil : AMQPError(.streamLost, blame: .transport, reason, underlying: underlying))
        handOverNow()
    }

    private func tellEnd() {
        guard let error = ending, let handler else { return }
        state = .closed
        tellSent()
        self.handler = nil
        host.remove(self)
        handler.streamClosed(error)
    }

    private func observeTurn() {
        guard !isObserving, handler != nil else { return }
        isObserving = true
        host.callAtEndOfTurn(self)
    }

    private func inCall(_ body: () -> Void) {
        let wasInCall = isInCall
        isInCall = true
        body()
        isInCall = wasInCall
    }

    // MARK: The channel

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if peerAddress == nil { peerAddress = context.remoteAddress.flatMap { SocketAddress($0) } }
        if isAbandoned { closeChannel() }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        lost()
    }

    func channelActive(context: ChannelHandlerContext) {
        if peerAddress == nil { peerAddress = context.remoteAddress.flatMap { SocketAddress($0) } }
        if isAbandoned { closeChannel() }
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard ending == nil, state == .idle || state == .open else { return }
        input.append(unwrapInboundIn(data))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if state == .open && !input.isEmpty { handOverNow() }
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if mayRead { context.read() } else { isReadHeld = true }
    }

    func channelInactive(context: ChannelHandlerContext) {
        lost()
        context.fireChannelInactive()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case ChannelEvent.inputClosed? = event as? ChannelEvent { closeChannel() }
        context.fireUserInboundEventTriggered(event)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        failure = failure ?? error
        closeChannel()
    }
}

extension PipelineEnd: TurnObserver {
    /// Tells the handler what happened inside its calls.
    func turnEnded() {
        isObserving = false
        tellSent()
        if input.isEmpty { tellEnd() }
    }
}

extension PipelineEnd: LoopResident {
    func loopClosed(_ error: AMQPError) {
        dropAll()
        if ending == nil { ending = .some(error) }
        closeChannel()
        tellEnd()
    }
}

@available(*, unavailable)
extension PipelineEnd: Sendable {}
#endif
