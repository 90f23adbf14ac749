/// Options of a TCP socket; `TCP_NODELAY` is always on. They do nothing on a UNIX domain socket.
public struct SocketOptions: Sendable, Hashable {
    /// Whether the kernel probes an idle peer (`SO_KEEPALIVE`); `nil` means that it does if one of the numbers for the
    /// probes is given. Default: `nil`.
    public var keepAlive: Bool?
    /// Seconds of silence before the first probe (`TCP_KEEPIDLE`); the system's value if `nil`.
    public var keepAliveIdle: Int?
    /// Seconds between probes (`TCP_KEEPINTVL`); the system's value if `nil`.
    public var keepAliveInterval: Int?
    /// Probes without an answer before the stream is lost (`TCP_KEEPCNT`); the system's value if `nil`.
    public var keepAliveCount: Int?
    /// Milliseconds that sent data may stay unacknowledged (`TCP_USER_TIMEOUT`); the system's value if `nil`.
    public var userTimeout: Int?

    /// Options with these values; what is `nil` is left to the system.
    public init(
        keepAlive: Bool? = nil, keepAliveIdle: Int? = nil, keepAliveInterval: Int? = nil, keepAliveCount: Int? = nil,
        userTimeout: Int? = nil
    ) {
        self.keepAlive = keepAlive
        self.keepAliveIdle = keepAliveIdle
        self.keepAliveInterval = keepAliveInterval
        self.keepAliveCount = keepAliveCount
        self.userTimeout = userTimeout
    }

    /// Whether `SO_KEEPALIVE` is set: ``keepAlive``, or else whether the probes have numbers.
    package var probesPeer: Bool {
        keepAlive ?? (keepAliveIdle != nil || keepAliveInterval != nil || keepAliveCount != nil)
    }

    /// Checks that each number is one that the system's call can carry: 1 … 2147483647, and 0 for the user timeout, which
    /// leaves it to the system.
    func validate() throws(AMQPError) {
        let numbers = [
            ("keepAliveIdle", keepAliveIdle, 1), ("keepAliveInterval", keepAliveInterval, 1),
            ("keepAliveCount", keepAliveCount, 1), ("userTimeout", userTimeout, 0),
        ]
        for case (let name, let number?, let least) in numbers where !(least ... Int(Int32.max)).contains(number) {
            throw AMQPError(
                .invalidArgument, blame: .application,
                "socketOptions.\(name) is \(number); \(least) … \(Int32.max) are allowed")
        }
    }
}
