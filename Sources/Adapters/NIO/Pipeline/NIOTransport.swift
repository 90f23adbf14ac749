#if NIO
import AMQPConnection
import AMQPProtocol

/// A stream over a channel, as its user holds it: a channel whose stream is dropped before it was started is closed.
final class NIOTransport: StreamTransport {
    private let end: PipelineEnd
    private var isStarted = false

    init(_ end: PipelineEnd) {
        self.end = end
    }

    deinit {
        if !isStarted { end.abandon() }
    }

    var peerAddress: SocketAddress? { end.peerAddress }
    var unsentByteCount: Int { end.unsentByteCount }

    func start(_ handler: any StreamHandler) {
        guard !isStarted else { return }
        isStarted = true
        end.start(handler)
    }

    func send(_ bytes: ByteSlice) { end.send(bytes) }
    func flush() { end.flush() }
    func pauseReading() { end.pauseReading() }
    func resumeReading() { end.resumeReading() }
    func close() { end.close() }
    func abort() { end.abort() }
}
#endif
