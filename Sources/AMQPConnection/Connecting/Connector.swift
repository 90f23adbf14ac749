/// Opens the stream to one host: resolves its name and tries each address in order, each with its own deadline.
///
///     resolving -> connecting to address 1 -> ... -> connecting to address n -> failed
///                            |                              |
///                            +------------------------------+--> connected
final class Connector: Cancellable {
    private let parameters: ConnectionParameters
    private let loop: any IOLoop
    private var completion: ((Result<any StreamTransport, AMQPError>) -> Void)?
    private var addresses: ArraySlice<SocketAddress> = []
    private var failures: [String] = []
    private var lastFailure: AMQPError?
    private var step: (any Cancellable)?
    private var timer: TimerHandle?

    /// Makes a connector; nothing happens before ``start()``.
    ///
    /// - Parameter completion: called exactly once, on the loop's thread, never inside ``start()``; not called after
    ///   ``cancel()``.
    init(
        _ parameters: ConnectionParameters, on loop: any IOLoop,
        completion: @escaping (Result<any StreamTransport, AMQPError>) -> Void
    ) {
        self.parameters = parameters
        self.loop = loop
        self.completion = completion
    }

    func start() {
        step = loop.resolve(parameters.host, port: parameters.port) { [self] result in
            step = nil
            switch result {
            case .success(let found):
                addresses = found[...]
                tryNext()
            case .failure(let error):
                finish(.failure(error))
            }
        }
    }

    func cancel() {
        completion = nil
        stopStep()
    }

    private func tryNext() {
        guard completion != nil else { return }
        guard let address = addresses.popFirst() else {
            let reason = "no address of \(parameters.host) accepted a connection: \(failures.joined(separator: "; "))"
            finish(
                .failure(
                    AMQPError(
                        lastFailure?.connectCode ?? .connectFailed, blame: lastFailure?.blame ?? .transport, reason,
                        underlying: lastFailure?.underlying)))
            return
        }
        step = loop.connect(to: address, options: parameters.socketOptions) { [self] result in
            stopStep()
            switch result {
            case .success(let transport): connected(transport, address)
            case .failure(let error): failed(address, error)
            }
        }
        limit(address, "no answer")
    }

    /// Shakes hands for TLS if that is asked for; the handshake has as long as the connecting had.
    private func connected(_ transport: any StreamTransport, _ address: SocketAddress) {
        guard let tls = parameters.tls else { return finish(.success(transport)) }
        step = loop.secure(transport, host: parameters.host, tls) { [self] result in
            stopStep()
            switch result {
            case .success(let transport): finish(.success(transport))
            case .failure(let error): failed(address, error)
            }
        }
        limit(address, "no end of the TLS handshake")
    }

    private func limit(_ address: SocketAddress, _ reason: String) {
        guard let limit = parameters.socketTimeout else { return }
        timer = loop.callLater(limit) { [self] in
            stopStep()
            failed(address, AMQPError(.deadlineExceeded, blame: .deadline, "\(reason) within \(limit)"))
        }
    }

    private func failed(_ address: SocketAddress, _ error: AMQPError) {
        failures.append("\(address): \(error.underlying.map { "\($0)" } ?? error.reason)")
        lastFailure = error
        tryNext()
    }

    private func stopStep() {
        step?.cancel()
        step = nil
        timer?.cancel()
        timer = nil
    }

    private func finish(_ result: Result<any StreamTransport, AMQPError>) {
        let completion = self.completion
        cancel()
        completion?(result)
    }
}

extension AMQPError {
    /// The code for an opening that ended with this error: what concerns TLS keeps its own.
    fileprivate var connectCode: Code {
        [.tlsUnavailable, .tlsConfigurationInvalid, .peerCertificateRefused, .tlsFailed].contains(code)
            ? code : .connectFailed
    }
}
