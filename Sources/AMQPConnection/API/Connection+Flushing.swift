/// A wait for output to be given to the stream.
final class FlushWait {
    /// The number of bytes that have to be given to it, counted from the connection's start.
    let position: UInt64
    /// `nil` once it was called.
    var completion: ((Result<Void, AMQPError>) throws -> Void)?
    var timer: TimerHandle?

    init(position: UInt64, completion: @escaping (Result<Void, AMQPError>) throws -> Void) {
        self.position = position
        self.completion = completion
    }
}

extension Connection {
    /// Waits until all output that has been produced so far was given to the operating system (or to what else the stream
    /// leads to). Whether the broker has got it is another matter: confirms tell that of publishes.
    ///
    /// Nothing has to be flushed for its own sake: output leaves at the end of each turn.
    ///
    /// - Parameters:
    ///   - deadline: how long to wait; the parameters' ``ConnectionParameters/requestTimeout`` if `nil`.
    ///   - completion: called exactly once, in a later turn: with success, with the reason why the stream is over
    ///     (``AMQPError/Code/connectionWrongState`` if it was over before this call), or with
    ///     ``AMQPError/Code/deadlineExceeded``, which ends the wait and nothing else.
    public func flush(
        deadline: Duration? = nil, completion: @escaping (Result<Void, AMQPError>) throws -> Void
    ) {
        ioLoop.mailbox.assertCurrent()
        guard !hasEnded else {
            refuse(AMQPError(.connectionWrongState, blame: .application, "the connection is closed"), completion)
            return
        }
        let wait = FlushWait(position: bytesSent + UInt64(output.byteCount), completion: completion)
        flushWaits.append(wait)
        if let limit = deadline ?? parameters.requestTimeout {
            wait.timer = ioLoop.callLater(limit) { [weak self, weak wait] in
                guard let self, let wait else { return }
                // With a limit of nothing at all, what needs no waiting still succeeds.
                completeFlushes()
                let error = AMQPError(
                    .deadlineExceeded, blame: .deadline,
                    "\(unsentByteCount) bytes still waited to be sent after \(limit)")
                complete(wait, .failure(error))
            }
        }
        if bytesGivenToStream >= bytesSent, output.isEmpty {
            // Nothing waits, so nothing will be heard of it.
            runLater { self.completeFlushes() }
        }
    }

    /// The number of bytes that the stream has taken.
    private var bytesGivenToStream: UInt64 { bytesSent - UInt64(min(transport?.unsentByteCount ?? 0, Int(bytesSent))) }

    /// The stream has taken bytes: completes the waits that this ends. Not to be called inside a call of the user's.
    func completeFlushes() {
        let position = bytesGivenToStream
        while let wait = flushWaits.first, wait.position <= position, !hasEnded {
            _ = flushWaits.popFirst()
            complete(wait, .success(()))
        }
    }

    /// The connection is over.
    func failFlushes(_ error: AMQPError) {
        for wait in flushWaits.removeAll() { complete(wait, .failure(error)) }
    }

    private func complete(_ wait: FlushWait, _ result: Result<Void, AMQPError>) {
        wait.timer?.cancel()
        guard let completion = wait.completion.take() else { return }
        attempt("a completion of flush") { try completion(result) }
    }
}
