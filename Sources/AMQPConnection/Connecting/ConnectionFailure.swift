/// One thing that went wrong on the way to an open connection: an address, or all of an attempt.
///
/// ``AMQPError/connectionFailures`` and ``Connection/connectionFailures`` list them in the order in which they happened.
/// None of them holds a secret.
public struct ConnectionFailure: Sendable {
    /// The number of the attempt, from 1; an attempt may fail at several addresses.
    public let attempt: Int
    /// The host of the attempt's parameters.
    public let host: String
    /// The port of the attempt's parameters.
    public let port: UInt16
    /// The address, as far as there was one.
    public let address: SocketAddress?
    /// What was being done.
    public let phase: ConnectionPhase
    /// What went wrong.
    public let cause: AMQPError

    /// Makes a failure; a ``ConnectionWorkflow`` is tested with them.
    public init(
        attempt: Int, host: String, port: UInt16, address: SocketAddress? = nil, phase: ConnectionPhase,
        cause: AMQPError
    ) {
        self.attempt = attempt
        self.host = host
        self.port = port
        self.address = address
        self.phase = phase
        self.cause = cause
    }
}

extension ConnectionFailure: CustomStringConvertible {
    /// For example `attempt 2, rabbit:5672 at 10.0.0.7:5672, connect: connectFailed: …`.
    public var description: String {
        let place = host.hasPrefix("/") ? host : "\(IPv6Text.isAddress(host) ? "[\(host)]" : host):\(port)"
        return "attempt \(attempt), \(place)\(address.map { " at \($0)" } ?? ""), \(phase.rawValue): \(cause)"
    }
}
