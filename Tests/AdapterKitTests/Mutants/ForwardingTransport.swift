internal import AMQPSelect

/// A good transport that passes everything on to another; mutants break one method each.
class ForwardingTransport: StreamTransport, StreamHandler {
    let base: any StreamTransport
    private(set) var handler: (any StreamHandler)?

    required init(_ base: any StreamTransport) { self.base = base }

    var unsentByteCount: Int { base.unsentByteCount }
    var peerAddress: SocketAddress? { base.peerAddress }

    func start(_ handler: any StreamHandler) {
        self.handler = handler
        base.start(self)
    }

    func send(_ bytes: ByteSlice) { base.send(bytes) }
    func flush() { base.flush() }
    func pauseReading() { base.pauseReading() }
    func resumeReading() { base.resumeReading() }
    func close() { base.close() }
    func abort() { base.abort() }

    func streamReadable(_ read: (UnsafeMutableRawBufferPointer) -> Int) { handler?.streamReadable(read) }
    func streamReceived(_ bytes: UnsafeRawBufferPointer) { handler?.streamReceived(bytes) }
    func streamSent(_ byteCount: Int) { handler?.streamSent(byteCount) }

    func streamClosed(_ error: AMQPError?) {
        let handler = self.handler
        self.handler = nil
        handler?.streamClosed(error)
    }
}

/// A loop whose streams are of one kind of mutant.
final class TransportMutantLoop<Mutant: ForwardingTransport>: ForwardingLoop {
    override func connect(
        to address: SocketAddress, options: SocketOptions,
        _ completion: @escaping (Result<any StreamTransport, AMQPError>) -> Void
    ) -> any Cancellable {
        base.connect(to: address, options: options) { result in completion(result.map { Mutant($0) }) }
    }
}
