package import AMQPConnection
package import AMQPProtocol

/// A stream inside a stream: what is sent is encrypted into the base, what comes from the base is decrypted.
///
///     shaking hands -> ready -> open -> closing -> closed -> ended
///          |                     |                   ^
///          +---------------------+-- abort, failure -+
///
/// It works over any ``StreamTransport`` on any loop. Input is decrypted straight into the handler's memory; what the
/// handler does not take, because it has paused reading, stays where it is, 64 KiB at most, and the base is paused too.
/// Output is encrypted when the base has room for it, a record at a time: at most 256 KiB of ciphertext wait.
package final class TLSTransport: StreamTransport {
    private enum State {
        case shakingHands
        /// Secured, and not started.
        case ready
        case open
        /// Closed by us, with output left to encrypt.
        case closing
        /// The base is closing or closed; the handler waits for its last call.
        case closed
        /// The handler has had its last call.
        case ended
    }

    /// How much ciphertext the base may hold.
    private static let ciphertextLimit = 256 * 1024
    /// How often the base is filled in one call, so that a fast peer does not hold up everybody else.
    private static let fillsPerCall = 4

    private let base: any StreamTransport
    private let loop: any IOLoop
    private let session: TLSSession
    private var state = State.shakingHands
    private var handshakeCompletion: ((AMQPError?) -> Void)?
    private var handler: (any StreamHandler)?

    private var queue = PlainQueue()
    private var sent = SentBytes()
    /// Whether what is queued is to go out as the base takes it.
    private var isFlushing = false
    /// Whether it cannot go out before something has come: TLS is in the middle of a message of its own.
    private var awaitsInput = false
    /// Whether an end was asked for or came, and the handler has not heard of it.
    private var ending: AMQPError??

    private var isPaused = false
    private var isBasePaused = false
    /// Ciphertext that came although reading was paused.
    private var leftover = ByteSlice()
    private var isObserving = false

    /// Makes a stream over one that has not been started.
    init(_ base: any StreamTransport, _ session: TLSSession, on loop: any IOLoop) {
        self.base = base
        self.session = session
        self.loop = loop
    }

    /// Starts the base and shakes hands.
    ///
    /// - Parameter completion: called once, never inside this call, with `nil` when the stream is secured; not called
    ///   after ``abort()``.
    func shakeHands(_ completion: @escaping (AMQPError?) -> Void) {
        handshakeCompletion = completion
        base.start(self)
        // The client's hello goes out when the caller's call is over: it can fail, too.
        observeTurn()
    }

    // MARK: StreamTransport

    package var peerAddress: SocketAddress? { base.peerAddress }

    package func start(_ handler: any StreamHandler) {
        guard self.handler == nil, state == .ready || ending != nil else { return }
        self.handler = handler
        if state == .ready {
            state = .open
            arrangeReading()
        }
        observeTurn()
    }

    package func send(_ bytes: ByteSlice) {
        guard state == .ready || state == .open else { return }
        queue.append(bytes)
    }

    package var unsentByteCount: Int { queue.byteCount + session.outputByteCount + base.unsentByteCount }

    package func flush() {
        guard state == .ready || state == .open, !queue.isEmpty else { return }
        isFlushing = true
        encrypt()
    }

    package func pauseReading() {
        isPaused = true
        arrangeReading()
    }

    package func resumeReading() {
        guard isPaused else { return }
        isPaused = false
        arrangeReading()
        // Whether something was decrypted or not: what waits is looked at in this turn, outside the caller's call.
        observeTurn()
    }

    package func close() {
        guard state == .ready || state == .open else { return }
        state = .closing
        isFlushing = true
        arrangeReading()
        encrypt()
    }

    package func abort() {
        guard state != .ended else { return }
        handshakeCompletion = nil
        finish(nil)
        base.abort()
    }

    // MARK: Output

    /// Encrypts what the base has room for, and ends the stream behind it if it is closing.
    private func encrypt() {
        awaitsInput = false
        for _ in 0 ..< Self.fillsPerCall where isFlushing {
            fill()
            guard state == .ready || state == .open || state == .closing else { return }
            base.flush()
            guard !queue.isEmpty else {
                isFlushing = false
                break
            }
            guard base.unsentByteCount < Self.ciphertextLimit / 2 else { break }
        }
        guard state == .closing, queue.isEmpty else { return }
        session.shutdown()
        giveOutput()
        finish(nil)
        base.close()
    }

    /// Encrypts records until the base has enough.
    private func fill() {
        while !queue.isEmpty && base.unsentByteCount < Self.ciphertextLimit {
            switch queue.withNextRecord(session.write) {
            case .bytes(let count):
                queue.removeFirst(count)
                sent.encrypted(count)
                giveOutput()
            case .wantsInput:
                awaitsInput = true
                giveOutput()
                return
            case .failed(let error):
                failed(error)
                return
            }
        }
    }

    /// Hands ciphertext to the base.
    private func giveOutput() {
        let output = session.takeOutput()
        guard !output.isEmpty else { return }
        sent.given(output.count)
        base.send(output)
    }

    // MARK: Input

    /// Lets the base read exactly while somebody takes what it reads.
    private func arrangeReading() {
        let isWanted = state == .shakingHands || state == .closing || (state == .open && !isPaused)
        guard isWanted == isBasePaused else { return }
        isBasePaused = !isWanted
        if isWanted { base.resumeReading() } else { base.pauseReading() }
    }

    /// Something has come, or may be taken now.
    private func process() {
        if state == .shakingHands { shakeHands() }
        if state == .open { decrypt() }
        // What TLS itself has to say, for example that a key was updated.
        var hasSpoken = false
        while session.outputByteCount > 0 {
            giveOutput()
            hasSpoken = true
            if state == .open, session.readWantsOutput { decrypt() }
        }
        if awaitsInput { encrypt() }
        if hasSpoken { base.flush() }
    }

    private func shakeHands() {
        while true {
            let progress = session.handshake()
            let said = session.outputByteCount
            giveOutput()
            switch progress {
            case .wantsInput where said > 0: continue
            case .wantsInput: base.flush()
            case .done:
                base.flush()
                state = .ready
                completeHandshake(nil)
                arrangeReading()
            case .failed(let error): failed(error)
            }
            return
        }
    }

    private func completeHandshake(_ error: AMQPError?) {
        let completion = handshakeCompletion
        handshakeCompletion = nil
        completion?(error)
    }

    /// Hands over what can be decrypted, as long as the handler takes it.
    private func decrypt() {
        while state == .open, !isPaused, let handler {
            var input: TLSSession.Input?
            handler.streamReadable { memory in
                guard input == nil, state == .open, !memory.isEmpty else { return 0 }
                let result = session.read(into: memory)
                input = result
                if case .bytes(let count, _) = result { return count }
                return 0
            }
            guard state == .open else { return }
            switch input {
            case .bytes(_, isLast: false): continue
            case .bytes, .nothing, nil:
                guard takeLeftover() else { return }
            case .end: peerClosed()
            case .failed(let error): failed(error)
            }
        }
    }

    /// Feeds what came while reading was paused; returns whether there was something.
    private func takeLeftover() -> Bool {
        guard !leftover.isEmpty else { return false }
        let taken = leftover.withUnsafeBytes { feed($0) }
        leftover = leftover.dropFirst(taken)
        return taken > 0
    }

    /// Puts ciphertext where it is decrypted; returns how much of it fits.
    private func feed(_ bytes: UnsafeRawBufferPointer) -> Int {
        var taken = 0
        while taken < bytes.count {
            let memory = session.inputMemory
            let count = min(memory.count, bytes.count - taken)
            guard count > 0 else { break }
            // SAFETY: `count` is neither more than the memory nor than what is left of the bytes.
            memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[taken ..< taken + count]))
            session.committedInput(count)
            taken += count
        }
        return taken
    }

    // MARK: The end

    /// The peer has said that nothing follows.
    private func peerClosed() {
        session.shutdown()
        leave(AMQPError(.streamLost, blame: .transport, "the peer closed the stream"))
    }

    /// TLS has failed; the peer is told why as far as the stream takes it.
    private func failed(_ error: TLSError) {
        guard state != .closing else {
            finish(nil)
            base.abort()
            return
        }
        let peer = base.peerAddress.map { " with \($0)" } ?? ""
        leave(
            AMQPError(error, doing: state == .shakingHands ? "the TLS handshake\(peer)" : "the TLS stream\(peer)"))
    }

    /// Sends TLS's last words and leaves the base to itself.
    private func leave(_ error: AMQPError) {
        giveOutput()
        base.flush()
        let isShakingHands = state == .shakingHands
        finish(error)
        // A peer that takes nothing must not keep a stream that is lost.
        if base.unsentByteCount == 0 { base.close() } else { base.abort() }
        if isShakingHands { completeHandshake(error) }
        observeTurn()
    }

    /// Nothing is taken or given any more.
    private func finish(_ error: AMQPError?) {
        guard state != .closed, state != .ended else { return }
        state = .closed
        queue.removeAll()
        leftover = ByteSlice()
        isFlushing = false
        // An end of our own is over when the base's is; one that came is told as soon as no call is under way.
        if let error { ending = .some(error) }
        if isBasePaused {
            isBasePaused = false
            base.resumeReading()
        }
    }

    private func tellEnd() {
        guard let error = ending, let handler else { return }
        self.handler = nil
        state = .ended
        handler.streamClosed(error)
    }

    private func observeTurn() {
        guard !isObserving else { return }
        isObserving = true
        loop.callAtEndOfTurn(self)
    }
}

extension TLSTransport: StreamHandler {
    package func streamReadable(_ read: (UnsafeMutableRawBufferPointer) -> Int) {
        switch state {
        case .shakingHands, .ready, .open:
            let memory = session.inputMemory
            guard leftover.isEmpty, !memory.isEmpty else { return }
            let count = read(memory)
            guard count > 0 else { return }
            session.committedInput(count)
            process()
        case .closing, .closed, .ended:
            withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 16) { _ = read($0) }
        }
    }

    package func streamReceived(_ bytes: UnsafeRawBufferPointer) {
        var taken = 0
        while taken < bytes.count {
            guard state == .shakingHands || state == .ready || state == .open else { return }
            // SAFETY: `taken` is less than the number of bytes.
            let rest = UnsafeRawBufferPointer(rebasing: bytes[taken...])
            let count = leftover.isEmpty ? feed(rest) : 0
            taken += count
            process()
            guard count == 0 else { continue }
            // Only a stream that gives more than it was asked for gets here, so it is little.
            let kept = leftover.withUnsafeBytes { Array($0) } + Array(rest)
            leftover = ByteSlice(kept)
            return
        }
    }

    package func streamSent(_ byteCount: Int) {
        let plain = sent.sent(byteCount)
        if isFlushing { encrypt() }
        if plain > 0 { handler?.streamSent(plain) }
    }

    package func streamClosed(_ error: AMQPError?) {
        switch state {
        case .shakingHands:
            finish(nil)
            guard let error else { return }
            let said = "the stream ended in the TLS handshake: \(error.reason)"
            completeHandshake(
                error.code != .streamLost
                    ? error : AMQPError(.streamLost, blame: .peer, said, underlying: error.underlying))
        case .ready, .open:
            // Whoever cuts a stream can cut a message short; only the peer's own word is an end.
            finish(
                error?.code != .streamLost
                    ? error
                    : AMQPError(
                        .streamLost, blame: .transport,
                        "\(error?.reason ?? "the stream ended") without saying so in TLS (close_notify)",
                        underlying: error?.underlying))
        case .closing: finish(nil)
        case .closed, .ended: break
        }
        if ending == nil { ending = .some(nil) }
        tellEnd()
    }
}

extension TLSTransport: TurnObserver {
    /// Hands over what waited while reading was paused, and tells the handler of an end.
    package func turnEnded() {
        isObserving = false
        process()
        if state == .closed { tellEnd() }
    }
}

@available(*, unavailable)
extension TLSTransport: Sendable {}
