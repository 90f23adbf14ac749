public import AMQPProtocol
public import Logging

/// Where and how to connect; the defaults are Pika's where it has them.
///
/// Values out of range are reported by ``validate()``, which a connection calls before it does anything.
public struct ConnectionParameters: Sendable {
    /// A host name, an IPv4 or IPv6 address in text, or the path of a UNIX domain socket, which begins with `/`. Default:
    /// `localhost`.
    public var host: String
    /// The broker's port; a path has none. Default: 5672, or 5671 as long as there is ``tls``; a port that was set stays.
    public var port: UInt16 {
        get { chosenPort ?? (tls == nil ? 5672 : 5671) }
        set { chosenPort = newValue }
    }
    private var chosenPort: UInt16?
    /// How the stream is secured; `nil` for plain text. Default: `nil`.
    public var tls: TLSConfiguration?
    /// The virtual host. Default: `/`.
    public var virtualHost: String
    /// What to log in with. Default: the user guest with the password guest.
    public var credentials: any Credentials
    /// Who is asked for credentials each time that a connection is made, in place of ``credentials``. Default: `nil`.
    public var credentialsProvider: (any CredentialsProvider)?
    /// The highest channel number to use, 1 … 65535; the broker may lower it. Default: 65535.
    public var channelMax: UInt16
    /// The largest frame in bytes, 4096 … 2147483647; the broker may lower it. Default: 131072.
    public var frameMax: Int
    /// Seconds without traffic after which a peer may be given up, 0 … 65535, or a function of the broker's proposal; 0
    /// turns heartbeats off, `nil` takes the proposal. Default: `nil`.
    public var heartbeat: Heartbeat?
    /// How often to try before giving up, 1 or more; with several parameter sets, how many rounds through all of them
    /// (``RetryingWorkflow``). Default: 1.
    public var connectionAttempts: Int
    /// How long to wait before the next round of attempts. Default: 2 s.
    public var retryDelay: Duration
    /// How the host's addresses are tried. Default: raced.
    public var addressOrder: AddressOrder
    /// How long the host's name may take to be resolved; `nil` waits as long as the system does. Default: 10 s.
    public var resolveTimeout: Duration?
    /// How long one address may take to accept a connection, and then as long to shake hands for TLS; `nil` waits as long
    /// as the system does. Default: 10 s.
    public var socketTimeout: Duration?
    /// How long one attempt may take up to an open connection: name resolution, every address, and the handshakes of TLS
    /// and AMQP;
    /// `nil` waits for ever. Default: 15 s.
    public var stackTimeout: Duration?
    /// How long a request on a channel, ``Connection/flush(deadline:completion:)``, an update of the secret, or a provider of
    /// credentials on an open connection may take; `nil` waits for ever. Default: 60 s. A channel can have another limit:
    /// ``Channel/requestTimeout``.
    public var requestTimeout: Duration?
    /// How long the broker may block the connection (`connection.blocked`) before it counts as lost; `nil` waits for
    /// ever. Default: `nil`.
    public var blockedConnectionTimeout: Duration?
    /// The locale of the broker's texts. Default: `en_US`.
    public var locale: String
    /// How the connection is called in the broker's lists and in logs; `nil` leaves it out. Default: `nil`.
    public var connectionName: String?
    /// Entries for `connection.start-ok`'s client properties; they replace the library's own of the same name.
    public var clientProperties: FieldTable
    /// The largest body of a message that is accepted, in bytes; checked when it is announced. A larger one
    /// ends the connection with ``AMQPError/Code/messageTooLarge`` (reply code 311). Default: 128 MiB.
    public var messageSizeLimit: Int
    /// The most output that may wait, in bytes; a publish or a request that would exceed it is refused. Acknowledgements
    /// and answers, which cannot be refused, may go an eighth (at least 64 KiB) beyond it; then the connection ends with
    /// ``AMQPError/Code/outputBufferFull``. Default: 256 MiB.
    public var outputLimit: Int
    /// Waiting output above this many bytes closes the publishing gate (``Channel/mayPublish``). Default: 1 MiB.
    public var outputHighWaterMark: Int
    /// Waiting output of at most this many bytes opens the gate again. Default: 256 KiB.
    public var outputLowWaterMark: Int
    /// Whether ``Connection/onBackpressure(_:)`` listeners are told of output that piles up. Default: `false`.
    public var backpressureDetection: Bool
    /// Options of the TCP socket.
    public var socketOptions: SocketOptions
    /// What an error thrown by a callback leads to, if the consumer does not say otherwise. Default: report.
    public var handlerErrorPolicy: HandlerErrorPolicy
    /// Where the connection logs to; passwords are never logged.
    public var logger: Logger

    /// Parameters with these values; ``validate()`` checks them, and so does every attempt to connect.
    public init(
        host: String = "localhost", port: UInt16? = nil, tls: TLSConfiguration? = nil, virtualHost: String = "/",
        credentials: any Credentials = PlainCredentials(), credentialsProvider: (any CredentialsProvider)? = nil,
        channelMax: UInt16 = 65535, frameMax: Int = 131_072,
        heartbeat: Heartbeat? = nil, connectionAttempts: Int = 1, retryDelay: Duration = .seconds(2),
        addressOrder: AddressOrder = .raced, resolveTimeout: Duration? = .seconds(10),
        socketTimeout: Duration? = .seconds(10), stackTimeout: Duration? = .seconds(15),
        requestTimeout: Duration? = .seconds(60), blockedConnectionTimeout: Duration? = nil,
        locale: String = "en_US", connectionName: String? = nil, clientProperties: FieldTable = [:],
        messageSizeLimit: Int = 134_217_728, outputLimit: Int = 268_435_456, outputHighWaterMark: Int = 1_048_576,
        outputLowWaterMark: Int = 262_144, backpressureDetection: Bool = false, socketOptions: SocketOptions = .init(),
        handlerErrorPolicy: HandlerErrorPolicy = .report, logger: Logger = Logger(label: "ochotona")
    ) {
        self.host = host
        self.chosenPort = port
        self.tls = tls
        self.virtualHost = virtualHost
        self.credentials = credentials
        self.credentialsProvider = credentialsProvider
        self.channelMax = channelMax
        self.frameMax = frameMax
        self.heartbeat = heartbeat
        self.connectionAttempts = connectionAttempts
        self.retryDelay = retryDelay
        self.addressOrder = addressOrder
        self.resolveTimeout = resolveTimeout
        self.socketTimeout = socketTimeout
        self.stackTimeout = stackTimeout
        self.requestTimeout = requestTimeout
        self.blockedConnectionTimeout = blockedConnectionTimeout
        self.locale = locale
        self.connectionName = connectionName
        self.clientProperties = clientProperties
        self.messageSizeLimit = messageSizeLimit
        self.outputLimit = outputLimit
        self.outputHighWaterMark = outputHighWaterMark
        self.outputLowWaterMark = outputLowWaterMark
        self.backpressureDetection = backpressureDetection
        self.socketOptions = socketOptions
        self.handlerErrorPolicy = handlerErrorPolicy
        self.logger = logger
    }

    /// Checks every value, the credentials included.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/invalidArgument``, naming the parameter and its range.
    public func validate() throws(AMQPError) {
        try require(!host.isEmpty, "host is empty")
        try require(!ControlCharacters.occur(in: host), "host contains a control character")
        try require(
            !host.utf8.contains(UInt8(ascii: ":")) || IPv6Text.isAddress(host) || host.hasPrefix("/"),
            "host contains a colon and is not an IPv6 address")
        try require(port > 0, "port is 0; 1 … 65535 are allowed")
        try require(virtualHost.utf8.count <= 255, "virtualHost has \(virtualHost.utf8.count) bytes; 255 are allowed")
        try require(!ControlCharacters.occur(in: virtualHost), "virtualHost contains a control character")
        try tls?.validate()
        try credentials.validate()
        try require(channelMax > 0, "channelMax is 0; 1 … 65535 are allowed")
        try require(
            (Framing.minimumFrameMax ... Int(Int32.max)).contains(frameMax),
            "frameMax is \(frameMax); 4096 … 2147483647 are allowed")
        try require(connectionAttempts >= 1, "connectionAttempts is \(connectionAttempts); 1 is the least")
        try require(retryDelay >= .zero, "retryDelay is below zero")
        try require((resolveTimeout ?? .seconds(1)) > .zero, "resolveTimeout is not above zero")
        try require((socketTimeout ?? .seconds(1)) > .zero, "socketTimeout is not above zero")
        try require((stackTimeout ?? .seconds(1)) > .zero, "stackTimeout is not above zero")
        try require((requestTimeout ?? .seconds(1)) > .zero, "requestTimeout is not above zero")
        try require((blockedConnectionTimeout ?? .zero) >= .zero, "blockedConnectionTimeout is below zero")
        try require(locale.utf8.count <= 255, "locale has \(locale.utf8.count) bytes; 255 are allowed")
        try require(!ControlCharacters.occur(in: locale), "locale contains a control character")
        do {
            _ = try ClientProperties.table(for: self).encodedSize(field: "clientProperties")
        } catch {
            throw AMQPError(error, method: nil)
        }
        try socketOptions.validate()
        try require(messageSizeLimit >= 0, "messageSizeLimit is \(messageSizeLimit); it must not be negative")
        try require(
            0 <= outputLowWaterMark && outputLowWaterMark <= outputHighWaterMark,
            "outputLowWaterMark is \(outputLowWaterMark); 0 … outputHighWaterMark (\(outputHighWaterMark)) are allowed")
        try require(outputLimit > 0, "outputLimit is \(outputLimit); it must be above 0")
    }

    private func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws(AMQPError) {
        guard condition else { throw AMQPError(.invalidArgument, blame: .application, reason()) }
    }
}

extension ConnectionParameters: CustomStringConvertible {
    /// Host, port and virtual host; never a secret.
    public var description: String {
        guard !host.hasPrefix("/") else { return "\(host), virtual host \(virtualHost)" }
        let host = IPv6Text.isAddress(host) ? "[\(host)]" : host
        return "\(host):\(port), virtual host \(virtualHost)"
    }
}
