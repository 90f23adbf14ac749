import AMQPProtocol

/// Connects a connection with its stream and with its loop's turns, without showing that in the connection's API.
///
/// The transport holds it, and it holds the connection: that is what keeps a connection alive that its user has let go.
final class ConnectionStream: StreamHandler, TurnObserver {
    private let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }

    func streamReadable(_ read: (UnsafeMutableRawBufferPointer) -> Int) {
        let count = connection.decoder.withReceiveMemory(read)
        if count > 0 { connection.received(count) }
    }

    func streamReceived(_ bytes: UnsafeRawBufferPointer) {
        guard !bytes.isEmpty else { return }
        connection.decoder.append(bytes)
        connection.received(bytes.count)
    }

    func streamSent(_ byteCount: Int) {
        connection.output.rewind()
        connection.transportBacklog = connection.transport?.unsentByteCount ?? 0
        connection.lastTaken = connection.ioLoop.now
        connection.outputChanged()
        if !connection.flushWaits.isEmpty { connection.completeFlushes() }
    }

    func streamClosed(_ error: AMQPError?) {
        connection.streamClosed(error)
    }

    func turnEnded() {
        connection.isFlushScheduled = false
        connection.flush()
    }
}
