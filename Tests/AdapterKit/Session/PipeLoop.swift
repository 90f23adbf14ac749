internal import AMQPConnection

/// Another loop whose streams are in memory: what a connection writes can be counted, on any loop.
final class PipeLoop: IOLoop {
    private let base: any IOLoop
    private(set) var pipe: MemoryPipe?
    private let script: BrokerScript
    let record = BrokerRecord()
    let counter = FlushCounter()

    init(_ base: any IOLoop, script: BrokerScript = BrokerScript()) {
        self.base = base
        self.script = script
    }

    var mailbox: Mailbox { base.mailbox }
    var now: LoopInstant { base.now }
    func start() { base.start() }
    func stop() { base.stop() }

    @discardableResult
    func callLater(_ delay: Duration, _ callback: @escaping () -> Void) -> TimerHandle {
        base.callLater(delay, callback)
    }

    func callAtEndOfTurn(_ observer: any TurnObserver) { base.callAtEndOfTurn(observer) }

    func resolve(
        _ host: String, port: UInt16, _ completion: @escaping (Result<[SocketAddress], AMQPError>) -> Void
    ) -> any Cancellable {
        base.callLater(.zero) { completion(.success([.ipv4(0x7F00_0001, port: port)])) }
    }

    func connect(
        to address: SocketAddress, options: SocketOptions,
        _ completion: @escaping (Result<any StreamTransport, AMQPError>) -> Void
    ) -> any Cancellable {
        base.callLater(.zero) { [self] in
            let pipe = MemoryPipe(onAny: base)
            self.pipe = pipe
            ScriptedBroker.attach(to: pipe.server, script: script, record: record)
            completion(.success(CountingTransport(pipe.client, counter)))
        }
    }
}

/// Counts what a connection asks of its transport.
final class FlushCounter {
    var flushes = 0
    var bytes = 0
}

/// Passes everything on, and counts.
private final class CountingTransport: StreamTransport {
    private let base: any StreamTransport
    private let counter: FlushCounter

    init(_ base: any StreamTransport, _ counter: FlushCounter) {
        self.base = base
        self.counter = counter
    }

    var unsentByteCount: Int { base.unsentByteCount }
    var peerAddress: SocketAddress? { base.peerAddress }
    func start(_ handler: any StreamHandler) { base.start(handler) }

    func send(_ bytes: ByteSlice) {
        counter.bytes += bytes.count
        base.send(bytes)
    }

    func flush() {
        counter.flushes += 1
        base.flush()
    }

    func pauseReading() { base.pauseReading() }
    func resumeReading() { base.resumeReading() }
    func close() { base.close() }
    func abort() { base.abort() }
}
