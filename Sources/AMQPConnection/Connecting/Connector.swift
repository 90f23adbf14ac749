/// Opens the stream of one attempt: resolves the host's name and tries its addresses as ``AddressRace`` says, each with
/// its own deadline.
///
///     resolving -> connecting -> (securing) -> connected
///         |            ^  |          |
///         |            +--|----------+ the next address
///         +---------------+--> failed
final class Connector: Cancellable {
    /// What went wrong at an address, or before there was one.
    typealias Failure = (address: SocketAddress?, phase: ConnectionPhase, cause: AMQPError)

    /// How long an address has to itself before the next one is tried too (RFC 8305, section 5).
    private static let stagger = Duration.milliseconds(250)

    /// What was done last.
    private(set) var phase = ConnectionPhase.resolve
    /// What went wrong so far.
    private(set) var failures: [Failure] = []

    private let parameters: ConnectionParameters
    private let loop: any IOLoop
    private var completion: ((Result<any StreamTransport, AMQPError>) -> Void)?
    private var race = AddressRace([], order: .sequential)
    private var steps: [Int: (step: any Cancellable, timer: TimerHandle?)] = [:]
    private var resolution: (any Cancellable)?
    /// The resolver's deadline, later the stagger.
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

    /// The addresses that have not answered yet.
    var addressesUnderWay: [SocketAddress] { race.underWay.map { race.addresses[$0] } }

    func start() {
        guard !parameters.host.hasPrefix("/") else {
            phase = .connect
            race = AddressRace([.unix(path: parameters.host)], order: .sequential)
            return follow(race.startNext())
        }
        resolution = loop.resolve(parameters.host, port: parameters.port) { [self] result in
            stopResolving()
            switch result {
            case .success(let addresses):
                phase = .connect
                race = AddressRace(addresses, order: parameters.addressOrder)
                follow(race.startNext())
            case .failure(let error): unresolved(error)
            }
        }
        guard let limit = parameters.resolveTimeout else { return }
        timer = loop.callLater(limit) { [self] in
            stopResolving()
            unresolved(
                AMQPError(
                    .resolutionFailed, blame: .deadline, "\(parameters.host) could not be resolved within \(limit)"))
        }
    }

    func cancel() {
        completion = nil
        stopResolving()
        for index in steps.keys { stop(index) }
    }

    // MARK: Addresses

    private func follow(_ step: AddressRace.Step) {
        guard completion != nil else { return }
        switch step {
        case .start(let index): connect(index)
        case .wait: return
        case .exhausted: exhausted()
        }
    }

    private func connect(_ index: Int) {
        phase = .connect
        let address = race.addresses[index]
        let step = loop.connect(to: address, options: parameters.socketOptions) { [self] result in
            stop(index)
            switch result {
            case .success(let transport): connected(transport, index)
            case .failure(let error): failed(index, error)
            }
        }
        steps[index] = (step, limit(index, "no answer"))
        timer?.cancel()
        guard parameters.addressOrder == .raced, race.hasMore else { return }
        timer = loop.callLater(Connector.stagger) { [self] in follow(race.startNext()) }
    }

    /// The stream is open, and the others are given up. It shakes hands for TLS if that is asked for, which has as long as
    /// the connecting had.
    private func connected(_ transport: any StreamTransport, _ index: Int) {
        timer?.cancel()
        for loser in race.opened(index) { stop(loser) }
        guard let tls = parameters.tls else { return finish(.success(transport)) }
        phase = .secure
        let step = loop.secure(transport, host: parameters.host, tls) { [self] result in
            stop(index)
            switch result {
            case .success(let transport): finish(.success(transport))
            case .failure(let error): failed(index, error)
            }
        }
        steps[index] = (step, limit(index, "no end of the TLS handshake"))
    }

    private func limit(_ index: Int, _ reason: String) -> TimerHandle? {
        guard let limit = parameters.socketTimeout else { return nil }
        return loop.callLater(limit) { [self] in
            stop(index)
            failed(index, AMQPError(.deadlineExceeded, blame: .deadline, "\(reason) within \(limit)"))
        }
    }

    private func failed(_ index: Int, _ error: AMQPError) {
        failures.append((race.addresses[index], phase, error))
        follow(race.failed(index))
    }

    private func stop(_ index: Int) {
        guard let (step, timer) = steps.removeValue(forKey: index) else { return }
        step.cancel()
        timer?.cancel()
    }

    private func stopResolving() {
        resolution?.cancel()
        resolution = nil
        timer?.cancel()
        timer = nil
    }

    // MARK: The end

    private func unresolved(_ error: AMQPError) {
        failures.append((nil, .resolve, error))
        finish(.failure(error))
    }

    private func exhausted() {
        let reasons = failures.map { failure in
            "\(failure.address.map { "\($0)" } ?? "no address"): "
                + (failure.cause.underlying.map { "\($0)" } ?? failure.cause.reason)
        }
        let last = failures.last?.cause
        finish(
            .failure(
                AMQPError(
                    last?.connectCode ?? .connectFailed, blame: last?.blame ?? .transport,
                    "no address of \(parameters.host) accepted a connection: \(reasons.joined(separator: "; "))",
                    underlying: last?.underlying)))
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
