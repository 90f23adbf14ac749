/// A wait for output to be given to the stream.
struct FlushWait {
    /// The number of bytes that have to be given to it, counted from the connection's start.
    let position: UInt64
    let completion: (Result<Void, AMQPError>) throws -> Void
}

extension Connection {
    /// Waits until all output that has been produced so far was given to the operating system (or to what else the stream
    /// leads to). Whether the broker has got it is another matter: confirms tell that of publishes.
    ///
    /// Nothing has to be flushed for its own sake: output leaves at the end of each turn.
    ///
    /// - Parameter completion: called exactly once, in a later turn: with success, or with the reason why the stream is
    ///   over (``AMQPError/Code/connectionWrongState`` if it was over before this call).
    public func flush(completion: @escaping (Result<Void, AMQPError>) throws -> Void) {
        ioLoop.mailbox.assertCurrent()
        guard !hasEnded else {
            refuse(AMQPError(.connectionWrongState, blame: .application, "the connection is closed"), completion)
            return
        }
        flushWaits.append(FlushWait(position: bytesSent + UInt64(output.byteCount), completion: completion))
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
        attempt("a completion of flush") { try wait.completion(result) }
    }
}
