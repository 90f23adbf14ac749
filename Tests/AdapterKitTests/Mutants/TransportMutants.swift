internal import AMQPSelect

/// The end is told twice.
final class EndsTwice: ForwardingTransport {
    override func streamClosed(_ error: AMQPError?) {
        let handler = self.handler
        super.streamClosed(error)
        handler?.streamClosed(error)
    }
}

/// Closing drops what is queued.
final class ClosesWithoutSending: ForwardingTransport {
    override func close() { base.abort() }
}

/// Aborting tells the end inside the call.
final class EndsInsideTheCall: ForwardingTransport {
    override func close() {
        super.streamClosed(nil)
        base.abort()
    }
}

/// Pausing does nothing.
final class IgnoresPause: ForwardingTransport {
    override func pauseReading() {}
}

/// Bytes leave as soon as they are queued.
final class SendsBeforeFlush: ForwardingTransport {
    override func send(_ bytes: ByteSlice) {
        base.send(bytes)
        base.flush()
    }
}

/// Segments change places.
final class SwapsSegments: ForwardingTransport {
    private var held: ByteSlice?

    override func send(_ bytes: ByteSlice) {
        if let held {
            self.held = nil
            base.send(bytes)
            base.send(held)
        } else {
            held = bytes
        }
    }
}

/// What the system does not take at once is lost.
final class DropsTheRest: ForwardingTransport {
    override func send(_ bytes: ByteSlice) { base.send(bytes.prefix(4096)) }
}

/// The end hides what came before it.
final class LosesLastWords: ForwardingTransport {
    private var kept: [UInt8] = []

    override func streamReadable(_ read: (UnsafeMutableRawBufferPointer) -> Int) {
        withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 1) { memory in kept += memory[..<read(memory)] }
    }
}

/// A stream that was lost is told like one that was closed.
final class HidesTheReason: ForwardingTransport {
    override func streamClosed(_ error: AMQPError?) { super.streamClosed(nil) }
}

/// What is sent is never told.
final class NeverTellsWhatWasSent: ForwardingTransport {
    override func streamSent(_ byteCount: Int) {}
}

/// The end of a backlog is not told.
final class NeverTellsTheLast: ForwardingTransport {
    override func streamSent(_ byteCount: Int) {
        if unsentByteCount > 0 { super.streamSent(byteCount) }
    }
}

/// What is queued is told as sent.
final class TellsWhatIsQueued: ForwardingTransport {
    override func flush() {
        let waiting = base.unsentByteCount
        base.flush()
        handler?.streamSent(waiting)
    }

    override func streamSent(_ byteCount: Int) {}
}

/// What waits is not counted.
final class HidesItsBacklog: ForwardingTransport {
    override var unsentByteCount: Int { 0 }
}

/// Options of sockets are lost.
final class LosesOptions: ForwardingLoop {
    override func connect(
        to address: SocketAddress, options: SocketOptions,
        _ completion: @escaping (Result<any StreamTransport, AMQPError>) -> Void
    ) -> any Cancellable {
        base.connect(to: address, options: SocketOptions(), completion)
    }
}

/// A refused connect completes inside the call.
final class CompletesInsideTheCall: ForwardingLoop {
    override func connect(
        to address: SocketAddress, options: SocketOptions,
        _ completion: @escaping (Result<any StreamTransport, AMQPError>) -> Void
    ) -> any Cancellable {
        guard case .unix = address else { return base.connect(to: address, options: options, completion) }
        completion(.failure(AMQPError(.connectFailed, blame: .transport, "refused")))
        return Uncancellable()
    }
}

/// Cancelled operations complete all the same.
final class CompletesCancelledOperations: ForwardingLoop {
    override func resolve(
        _ host: String, port: UInt16, _ completion: @escaping (Result<[SocketAddress], AMQPError>) -> Void
    ) -> any Cancellable {
        _ = base.resolve(host, port: port, completion)
        return Uncancellable()
    }

    override func connect(
        to address: SocketAddress, options: SocketOptions,
        _ completion: @escaping (Result<any StreamTransport, AMQPError>) -> Void
    ) -> any Cancellable {
        _ = base.connect(to: address, options: options, completion)
        return Uncancellable()
    }
}
