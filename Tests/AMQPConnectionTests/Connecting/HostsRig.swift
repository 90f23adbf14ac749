internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit

/// Hosts with behaviours of their own on a virtual loop, and what a connection tried on its way through them.
final class HostsRig {
    /// How a host treats whoever wants to connect.
    enum Behaviour {
        case opens
        case unresolvable
        case silentResolver
        case refuses
        case blackHole
        /// It accepts, and answers no method with this id.
        case stops(at: MethodID)
        /// It answers this method by closing the connection.
        case closes(at: MethodID, UInt16)
        /// It answers this method by ending the stream.
        case drops(at: MethodID)
        /// It speaks another protocol.
        case speaksHTTP
    }

    let loop = VirtualLoop()
    let log = SessionLog()
    /// What each host does, each time; the last behaviour stays.
    var hosts: [String: [Behaviour]]
    /// The hosts that were tried, with the time in milliseconds.
    private(set) var tried: [String] = []
    private(set) var brokers: [MemoryBroker] = []
    /// The errors that connections could not be opened with.
    private(set) var errors: [AMQPError] = []

    private let start: LoopInstant
    private var addresses: [SocketAddress: Behaviour] = [:]

    init(_ hosts: [String: [Behaviour]]) {
        self.hosts = hosts
        start = loop.now
        loop.onResolve = { [unowned self] host, port in resolve(host, port) }
        loop.onConnect = { [unowned self] address, _ in connect(address) }
    }

    /// Milliseconds since the rig was made.
    var time: Int { Int(start.duration(to: loop.now) / .milliseconds(1)) }

    /// Connects as a workflow says.
    func connect(_ workflow: any ConnectionWorkflow) -> Connection {
        log.call {
            Connection(
                workflow: workflow, on: loop, onOpen: { [log] in log.add("open \($0.parameters.host)") },
                onOpenError: { [self] _, error in
                    errors.append(error)
                    log.add("open error: \(error.line)")
                }, onClose: { [log] _, error in log.add("closed: \(error.line)") })
        }
    }

    /// Connects to hosts in turn.
    func connect(_ names: [String], _ change: (inout ConnectionParameters) -> Void = { _ in }) -> Connection {
        connect(RetryingWorkflow(HostsRig.parameters(names, change)))
    }

    /// Parameters for each of several hosts.
    static func parameters(
        _ names: [String], _ change: (inout ConnectionParameters) -> Void = { _ in }
    ) -> [ConnectionParameters] {
        var parameters = ConnectionParameters()
        change(&parameters)
        return parameters.at(names.map { .host($0) })
    }

    private func resolve(_ host: String, _ port: UInt16) -> ResolveAnswer {
        tried.append("\(host) \(time)")
        guard let behaviours = hosts[host], let behaviour = behaviours.first else { return .never }
        if behaviours.count > 1 { hosts[host] = Array(behaviours.dropFirst()) }
        switch behaviour {
        case .unresolvable:
            return .failure(AMQPError(.resolutionFailed, blame: .transport, "no such host: \(host)"))
        case .silentResolver:
            return .never
        case .opens, .refuses, .blackHole, .stops, .closes, .drops, .speaksHTTP:
            let address = SocketAddress.ipv4(UInt32(tried.count), port: port)
            addresses[address] = behaviour
            return .addresses([address])
        }
    }

    private func connect(_ address: SocketAddress) -> ConnectAnswer {
        let behaviour = addresses[address] ?? .refuses
        if case .refuses = behaviour { return .refused(address) }
        if case .blackHole = behaviour { return .never }
        let pipe = MemoryPipe(on: loop)
        let broker = MemoryBroker(pipe.server)
        brokers.append(broker)
        broker.onMethod = { broker, method, _ in
            switch behaviour {
            case .stops(let id) where method.id == id: return true
            case .closes(let id, let code) where method.id == id:
                broker.send(.connectionClose(ConnectionClose(replyCode: code, replyText: "no")))
                return true
            case .drops(let id) where method.id == id:
                broker.closeStream()
                return true
            case .speaksHTTP:
                broker.send(raw: Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8))
                return true
            default: return false
            }
        }
        return .stream(pipe.client)
    }
}

extension AMQPError {
    /// The failures in a line each, without their reasons.
    var failureLines: [String] { connectionFailures.map(\.line) }
}

extension ConnectionFailure {
    /// Attempt, host, phase and code.
    var line: String { "\(attempt) \(host) \(phase.rawValue) \(cause.line)" }
}
