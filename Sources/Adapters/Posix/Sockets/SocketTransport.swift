public import AMQPConnection
public import AMQPProtocol

/// A stream over a connected non-blocking socket, on any hosted loop.
///
/// Input is read straight into the handler's memory, at most four reads and 256 KiB in a turn. Output goes out at
/// ``flush()``, many segments in one system call. The handler is kept until the stream is over.
///
/// When sending fails, because the peer has gone, what the peer sent before is still read and handed over first: it
/// usually says why. The bytes of ``StreamHandler/streamSent(_:)`` add up to all that was given to the socket; those of
/// a ``flush()`` are told at the end of the turn.
public final class SocketTransport: StreamTransport {
    private enum State {
        /// Not started: what is sent goes out, nothing is read.
        case idle
        case open
        /// Closed by us, with output left.
        case closing
        /// The descriptor is gone; the handler may not have heard of it yet.
        case closed
    }

    private enum Input {
        case bytes(Int, isFull: Bool)
        case nothing
        case end
        case failure(SystemError)
    }

    private static let readsPerTurn = 4
    private static let bytesPerTurn = 256 * 1024

    private let loop: HostedLoop
    private var descriptor: Int32
    private var state = State.idle
    private var handler: (any StreamHandler)?
    private var output = SegmentQueue()
    private var isPaused = false
    private var isWaitingToWrite = false
    private var isObserving = false
    /// What was sent and the handler has not heard of.
    private var untoldByteCount = 0
    /// Why sending failed; the stream ends when the input is read.
    private var sendingFailure: AMQPError?
    /// How the stream ended, until the handler has heard of it.
    private var ending: AMQPError??

    /// Where the stream leads; `nil` if that is not known.
    public let peerAddress: SocketAddress?

    /// Takes over a connected stream socket, such as one end of a socket pair.
    ///
    /// - Throws: an error of code `systemCallFailed` if it is no descriptor; it is still the caller's then.
    public convenience init(
        adopting descriptor: Int32, on loop: HostedLoop, peerAddress: SocketAddress? = nil
    ) throws(AMQPError) {
        do throws(SystemError) {
            try System.prepare(descriptor)
        } catch {
            throw AMQPError(
                .systemCallFailed, blame: .application, "descriptor \(descriptor) cannot be used as a stream",
                underlying: error)
        }
        self.init(connected: descriptor, on: loop, peerAddress: peerAddress)
    }

    init(connected descriptor: Int32, on loop: HostedLoop, peerAddress: SocketAddress?) {
        self.descriptor = descriptor
        self.loop = loop
        self.peerAddress = peerAddress
    }

    deinit {
        // Only a stream that was never started gets here with a descriptor: the loop holds the others.
        if descriptor >= 0 { System.close(descriptor) }
    }

    // MARK: StreamTransport

    public func start(_ handler: any StreamHandler) {
        loop.assertCurrent()
        guard self.handler == nil, ending != nil || state == .idle else { return }
        self.handler = handler
        loop.add(self)
        if state == .idle {
            state = .open
            watchInput()
        }
        if ending != nil || sendingFailure != nil || untoldByteCount > 0 { observeTurn() }
    }

    public func send(_ bytes: ByteSlice) {
        guard state == .idle || state == .open, sendingFailure == nil else { return }
        output.append(bytes)
    }

    public var unsentByteCount: Int { output.byteCount }

    public func flush() {
        loop.assertCurrent()
        guard state == .idle || state == .open, !isWaitingToWrite, !output.isEmpty else { return }
        untoldByteCount += writeOutput()
        if untoldByteCount > 0 { observeTurn() }
    }

    public func pauseReading() {
        guard !isPaused else { return }
        isPaused = true
        if state == .open { loop.removeReader(descriptor) }
    }

    public func resumeReading() {
        guard isPaused else { return }
        isPaused = false
        if state == .open { watchInput() }
    }

    /// Sends what is queued, then ends the sending direction and closes. What still comes is dropped.
    ///
    /// A peer that takes no bytes can hold this up; ``abort()`` ends it at any time.
    public func close() {
        loop.assertCurrent()
        guard state == .idle || state == .open else { return }
        state = .closing
        if !isWaitingToWrite { untoldByteCount += writeOutput() }
        guard state == .closing else { return }
        if output.isEmpty {
            closeGracefully()
        } else {
            watchInput()
        }
    }

    public func abort() {
        loop.assertCurrent()
        guard state != .closed else { return }
        end(nil)
    }

    // MARK: Input

    private func watchInput() {
        guard state == .closing || (state == .open && !isPaused) else { return }
        do throws(AMQPError) {
            try loop.setReader(descriptor) { self.readable() }
        } catch {
            end(error)
        }
    }

    private func readable() {
        if state == .closing { return discardInput() }
        switch readInput(reads: Self.readsPerTurn) {
        case .end: endNow(AMQPError(.streamLost, blame: .transport, "the peer closed the stream"))
        case .failure(let error): endNow(lost(error))
        case .bytes, .nothing: break
        }
    }

    /// Lets the handler read, until nothing is left or the budget is used up.
    private func readInput(reads: Int) -> Input {
        var total = 0
        for _ in 0 ..< reads {
            guard state == .open, !isPaused, let handler else { return .nothing }
            var input: Input?
            handler.streamReadable { memory in
                // Once only, and only into memory: a read of no bytes would look like the end of the stream.
                guard input == nil, state == .open, !memory.isEmpty else { return 0 }
                let result = read(memory)
                input = result
                if case .bytes(let count, _) = result { return count }
                return 0
            }
            guard state == .open, case .bytes(let count, isFull: true)? = input else { return input ?? .nothing }
            total += count
            guard total < Self.bytesPerTurn else { return .nothing }
        }
        return .nothing
    }

    private func read(_ memory: UnsafeMutableRawBufferPointer) -> Input {
        do throws(SystemError) {
            guard let count = try System.read(descriptor, memory) else { return .nothing }
            return count == 0 ? .end : .bytes(count, isFull: count == memory.count)
        } catch {
            return .failure(error)
        }
    }

    /// While the last output leaves, input must not make the peer wait for us.
    private func discardInput() {
        let isOver = withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 16) { memory in
            // SAFETY: the memory is only written to by the kernel, within its bounds, and never read.
            for _ in 0 ..< 16 {
                switch read(memory) {
                case .bytes: continue
                case .nothing: return false
                case .end, .failure: return true
                }
            }
            return false
        }
        if isOver { endNow(nil) }
    }

    // MARK: Output

    /// Sends, and watches for more room if something is left.
    ///
    /// - Returns: the number of bytes sent.
    private func writeOutput() -> Int {
        do throws(SystemError) {
            let sent = try output.send(to: descriptor)
            if !output.isEmpty && !isWaitingToWrite { waitToWrite() }
            return sent
        } catch {
            sendingFailed(lost(error))
            return 0
        }
    }

    private func waitToWrite() {
        do throws(AMQPError) {
            try loop.setWriter(descriptor) { self.writable() }
            isWaitingToWrite = true
        } catch {
            sendingFailed(error)
        }
    }

    private func writable() {
        let sent = writeOutput()
        if output.isEmpty && isWaitingToWrite {
            loop.removeWriter(descriptor)
            isWaitingToWrite = false
        }
        untoldByteCount += sent
        tellSent()
        if state == .closing && output.isEmpty { closeGracefully() }
    }

    private func sendingFailed(_ error: AMQPError) {
        output.removeAll()
        if isWaitingToWrite {
            loop.removeWriter(descriptor)
            isWaitingToWrite = false
        }
        if state == .closing {
            end(nil)
        } else {
            sendingFailure = error
            observeTurn()
        }
    }

    private func tellSent() {
        guard untoldByteCount > 0, let handler else { return }
        let count = untoldByteCount
        untoldByteCount = 0
        handler.streamSent(count)
    }

    // MARK: The end

    private func lost(_ error: SystemError) -> AMQPError {
        AMQPError(.streamLost, blame: .transport, "the stream broke", underlying: error)
    }

    /// All output is with the kernel: leaves the descriptor to a linger.
    private func closeGracefully() {
        let descriptor = release()
        SocketLinger(loop: loop, descriptor: descriptor).begin()
        ending = .some(nil)
        observeTurn()
    }

    /// Closes the descriptor; the handler hears of it at the end of the turn.
    private func end(_ error: AMQPError?) {
        System.close(release())
        ending = .some(error)
        observeTurn()
    }

    /// Closes the descriptor and tells the handler; for the loop's own callbacks.
    private func endNow(_ error: AMQPError?) {
        System.close(release())
        ending = .some(error)
        tellEnd()
    }

    /// Gives the descriptor away, unwatched; the stream is closed then.
    private func release() -> Int32 {
        state = .closed
        output.removeAll()
        isWaitingToWrite = false
        loop.removeReader(descriptor)
        loop.removeWriter(descriptor)
        defer { descriptor = -1 }
        return descriptor
    }

    private func tellEnd() {
        guard let error = ending, let handler else { return }
        tellSent()
        self.handler = nil
        loop.remove(self)
        handler.streamClosed(error)
    }

    private func observeTurn() {
        guard !isObserving else { return }
        isObserving = true
        loop.callAtEndOfTurn(self)
    }
}

extension SocketTransport: TurnObserver {
    /// Tells the handler what happened inside its calls.
    public func turnEnded() {
        isObserving = false
        tellSent()
        if let error = sendingFailure, state == .open, handler != nil {
            // The peer has gone; its last words are read as far as they came. A handler that closes meanwhile hears of
            // its own close instead.
            _ = readInput(reads: 64)
            if state == .open { endNow(error) }
        }
        tellEnd()
    }
}

extension SocketTransport: LoopResident {
    package func loopClosed(_ error: AMQPError) {
        guard state != .closed else { return tellEnd() }
        endNow(error)
    }
}

@available(*, unavailable)
extension SocketTransport: Sendable {}
