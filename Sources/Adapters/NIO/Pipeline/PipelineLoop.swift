#if NIO
import AMQPConnection

/// The loop of a connection whose stream is there already: connecting gives that one stream.
final class PipelineLoop: IOLoop {
    private let base: NIOLoop
    private var stream: (any StreamTransport)?

    init(_ base: NIOLoop, _ stream: any StreamTransport) {
        self.base = base
        self.stream = stream
    }

    var mailbox: Mailbox { base.mailbox }
    var now: LoopInstant { base.now }

    @available(*, noasync, message: "start() blocks its thread until stop() is called")
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
        let address = stream?.peerAddress ?? .unix(path: "pipeline")
        return base.callLater(.zero) { completion(.success([address])) }
    }

    func connect(
        to address: SocketAddress, options: SocketOptions,
        _ completion: @escaping (Result<any StreamTransport, AMQPError>) -> Void
    ) -> any Cancellable {
        base.callLater(.zero) { [self] in
            guard let stream else {
                let reason = "a pipeline has one stream only, and it was used"
                return completion(.failure(AMQPError(.connectFailed, blame: .application, reason)))
            }
            self.stream = nil
            completion(.success(stream))
        }
    }
}
#endif
