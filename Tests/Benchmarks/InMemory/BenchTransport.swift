internal import AMQPConnection
internal import AMQPProtocol

/// A stream that takes whatever is sent, and brings what the benchmark gives it.
final class BenchTransport: StreamTransport {
    /// The number of bytes that were sent.
    private(set) var sentByteCount = 0
    /// The number of times that something was sent.
    private(set) var flushCount = 0
    let unsentByteCount = 0
    let peerAddress: SocketAddress? = nil
    private var handler: (any StreamHandler)?

    func start(_ handler: any StreamHandler) { self.handler = handler }
    func send(_ bytes: ByteSlice) { sentByteCount += bytes.count }
    func flush() { flushCount += 1 }
    func pauseReading() {}
    func resumeReading() {}
    func close() { handler = nil }
    func abort() { handler = nil }

    /// Lets bytes arrive, as a read from the system would: copied into the connection's own memory.
    func receive(_ bytes: UnsafeRawBufferPointer) {
        guard let handler else { return }
        var rest = bytes[...]
        while !rest.isEmpty {
            handler.streamReadable { memory in
                let piece = rest.prefix(memory.count)
                memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: piece))
                rest = rest.dropFirst(piece.count)
                return piece.count
            }
        }
    }
}
