import AMQPProtocol

/// Connects a connection with its stream and with its loop's turns, without showing that in the connection's API.
///
/// The transport holds it, and it holds the connection: that is what keeps a connection alive that its user has let go.
final class ConnectionStream: StreamHandler, TurnObserver {
    private var connection: Connection?
    private var lingering: TimerHandle?

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// The connection goes on without this stream: what it sent last may still leave, for so long.
    func leave(_ transport: any StreamTransport, within limit: Duration) {
        lingering = connection?.ioLoop.callLater(limit) { transport.abort() }
        connection = nil
    }

    func streamReadable(_ read: (UnsafeMutableRawBufferPointer) -> Int) {
        guard let connection else { return drop(read) }
        let count = connection.decoder.withReceiveMemory(read)
        if count > 0 { connection.received(count) }
    }

    func streamReceived(_ bytes: UnsafeRawBufferPointer) {
        guard let connection, !bytes.isEmpty else { return }
        connection.decoder.append(bytes)
        connection.received(bytes.count)
    }

    func streamSent(_ byteCount: Int) {
        guard let connection else { return }
        connection.output.rewind()
        connection.transportBacklog = connection.transport?.unsentByteCount ?? 0
        connection.lastTaken = connection.ioLoop.now
        connection.outputChanged()
        if !connection.flushWaits.isEmpty { connection.completeFlushes() }
    }

    func streamClosed(_ error: AMQPError?) {
        lingering?.cancel()
        connection?.streamClosed(error)
    }

    func turnEnded() {
        guard let connection else { return }
        connection.isFlushScheduled = false
        connection.flush()
    }

    /// Reads what nobody wants any more.
    private func drop(_ read: (UnsafeMutableRawBufferPointer) -> Int) {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 1) { _ = read($0) }
    }
}
