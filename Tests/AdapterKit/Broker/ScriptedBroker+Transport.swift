public import AMQPConnection

extension ScriptedBroker {
    /// Puts a broker at the end of a transport and starts it; the transport keeps the broker until it is over.
    ///
    /// - Parameters:
    ///   - transport: the server's end, for example ``MemoryPipe/server``; it has not been started.
    ///   - script: how the broker behaves.
    ///   - record: where it records.
    @discardableResult
    public static func attach(
        to transport: any StreamTransport, script: BrokerScript = BrokerScript(), record: BrokerRecord = BrokerRecord()
    ) -> ScriptedBroker {
        let broker = ScriptedBroker(
            script, record: record,
            write: { bytes in
                transport.send(ByteSlice(bytes))
                transport.flush()
            },
            finish: { cut in
                if cut == .reset { transport.abort() } else { transport.close() }
            })
        transport.start(BrokerStream(broker))
        return broker
    }
}

/// Feeds a broker from a transport.
private final class BrokerStream: StreamHandler {
    private let broker: ScriptedBroker

    init(_ broker: ScriptedBroker) { self.broker = broker }

    func streamReadable(_ read: (UnsafeMutableRawBufferPointer) -> Int) {
        withUnsafeTemporaryAllocation(byteCount: 65536, alignment: 1) { memory in
            let count = min(max(read(memory), 0), memory.count)
            broker.receive(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(memory)[..<count]))
        }
    }

    func streamReceived(_ bytes: UnsafeRawBufferPointer) { broker.receive(bytes) }

    func streamSent(_ byteCount: Int) {}

    func streamClosed(_ error: AMQPError?) {
        broker.record.addEnd()
        broker.end(nil)
    }
}
