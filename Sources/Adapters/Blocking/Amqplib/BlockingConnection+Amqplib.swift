public import AMQPConnection
import AMQPPosix

extension BlockingConnection {
    /// Connects with amqplib's arguments and defaults; what they cannot say is said with ``ConnectionParameters``.
    ///
    /// - Parameters:
    ///   - host: a name or an address, with a port behind it if it is not 5672: `broker`, `broker:5673`, `[::1]:5672`.
    ///   - userID: the user.
    ///   - password: the password.
    ///   - loginMethod: how to log in: `AMQPLAIN`, `PLAIN` or `EXTERNAL`.
    ///   - virtualHost: the virtual host.
    ///   - locale: the locale of the broker's texts.
    ///   - clientProperties: what to tell the broker about the program.
    ///   - connectTimeout: how long connecting may take; the parameters' default if `nil`.
    /// - Throws: ``AMQPError``: ``AMQPError/Code/invalidArgument``, or why the connection could not be opened.
    @available(*, noasync)
    public static func connect(
        host: String = "localhost", userID: String = "guest", password: String = "guest",
        loginMethod: String = "AMQPLAIN", virtualHost: String = "/", locale: String = "en_US",
        clientProperties: FieldTable = [:], connectTimeout: Duration? = nil
    ) throws(AMQPError) -> BlockingConnection {
        let (name, port) = try endpoint(host)
        let credentials: any Credentials =
            switch loginMethod {
            case "AMQPLAIN": AMQPlainCredentials(username: userID, password: password)
            case "PLAIN": PlainCredentials(username: userID, password: password)
            case "EXTERNAL": ExternalCredentials()
            default:
                throw AMQPError(
                    .invalidArgument, blame: .application,
                    "login method \"\(loginMethod)\"; AMQPLAIN, PLAIN and EXTERNAL are known")
            }
        var parameters = ConnectionParameters(
            host: name, port: port, virtualHost: virtualHost, credentials: credentials, locale: locale,
            clientProperties: clientProperties)
        if let connectTimeout { parameters.stackTimeout = connectTimeout }
        return try BlockingConnection(parameters)
    }

    /// The channel with this number if it is open, else a new one.
    ///
    /// - Parameter id: the channel's number.
    /// - Throws: ``AMQPError`` as ``channel(number:)``.
    @available(*, noasync)
    public func channel(id: UInt16) throws(AMQPError) -> BlockingChannel {
        if let channel = channels[id], channel.isOpen { return channel }
        return try channel(number: id)
    }

    /// Whether the connection is open, as far as is known.
    public var isAlive: Bool { isOpen }

    /// Waits until at least one callback has run, or the time is over.
    ///
    /// - Parameter timeout: how long to wait at most; `nil` for ever.
    /// - Throws: ``AMQPError``: ``AMQPError/Code/deadlineExceeded`` if nothing came, otherwise as
    ///   ``processDataEvents(timeLimit:)``.
    @available(*, noasync)
    public func drainEvents(timeout: Duration? = nil) throws(AMQPError) {
        if isDispatching { throw reentrancy("drainEvents(timeout:)") }
        try enter()
        let deadline = timeout.map { loop.now.advanced(by: $0) }
        counting(backlogOfEvents) {
            run(until: deadline) { events.isEmpty && ending == nil && closedChannels.isEmpty }
        }
        guard !events.isEmpty || ending != nil || !closedChannels.isEmpty else {
            throw AMQPError(.deadlineExceeded, blame: .deadline, "nothing came in time")
        }
        try process(until: loop.now)
    }

    /// Splits `host:port`; an IPv6 address with a port stands in brackets.
    static func endpoint(_ text: String) throws(AMQPError) -> (host: String, port: UInt16) {
        let invalid = AMQPError(
            .invalidArgument, blame: .application, "\"\(text)\" is no host, or host and port, such as broker:5672")
        var (host, rest) = (text[...], text[text.endIndex...])
        if text.hasPrefix("[") {
            guard let end = text.firstIndex(of: "]") else { throw invalid }
            host = text[text.index(after: text.startIndex) ..< end]
            rest = text[text.index(after: end)...]
        } else if text.count(where: { $0 == ":" }) == 1, let colon = text.firstIndex(of: ":") {
            (host, rest) = (text[..<colon], text[colon...])
        }
        guard !rest.isEmpty else { return (String(host), 5672) }
        guard rest.first == ":", let port = UInt16(rest.dropFirst()), port > 0 else { throw invalid }
        return (String(host), port)
    }
}
