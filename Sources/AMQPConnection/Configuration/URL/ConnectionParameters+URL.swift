import AMQPProtocol

extension ConnectionParameters {
    /// Reads the parameters from a URL: `amqp://user:password@host:port/virtual-host?key=value&key=value`.
    ///
    /// `amqps` is the same over TLS, by default with everything verified and the port 5671.
    /// What the URL leaves out has its default; the user is guest then. Every part is percent-decoded; in the query `+` is
    /// a space. `amqp://host` and `amqp://host/` mean the virtual host `/`, which can also be written `%2F`; the empty name
    /// cannot be expressed. An IPv6 address stands in brackets, a zone behind `%25`.
    ///
    /// The keys are those of Pika and of RabbitMQ's Erlang client:
    /// - `channel_max`, `frame_max`, `heartbeat` (seconds), `message_size_limit`, `output_limit`, `output_high_water_mark`
    ///   and `output_low_water_mark` (bytes): whole numbers.
    /// - `socket_timeout`, `stack_timeout`, `request_timeout`, `blocked_connection_timeout`: seconds such as `2.5`, or
    ///   `none`; `connection_timeout`: the socket timeout in whole milliseconds.
    /// - `connection_attempts`: a whole number; `retry_delay`: seconds, 0 included; `resolve_timeout`: seconds or `none`;
    ///   `address_order`: `raced` or `sequential`.
    /// - `backpressure_detection`: `t` or `f`.
    /// - `locale`, `connection_name`: text.
    /// - `auth_mechanism`: `plain`, `amqplain` or `external`; the first that the broker offers if it comes several times.
    ///   `external` alone takes no user and password.
    /// - `client_properties`: a JSON object; whole numbers become 32 or 64 bits wide, others doubles.
    /// - `tcp_options`: a JSON object of `SO_KEEPALIVE` (true or false), `TCP_KEEPIDLE`, `TCP_KEEPINTVL`, `TCP_KEEPCNT` and
    ///   `TCP_USER_TIMEOUT` (numbers).
    /// - for `amqps` only: `cacertfile`, `certfile`, `keyfile`, `password` (the key's), `server_name_indication` (the name, or
    ///   `disable`), `verify` (`verify_peer`, or `verify_none`, which is insecure); `ssl_options`: a JSON object of `cafile`,
    ///   `capath`, `cadata`, `certfile`, `keyfile`, `password`, `ciphers`, `server_hostname`, `protocol`, `minimum_version`
    ///   and `maximum_version` (texts).
    ///
    /// - Throws: ``AMQPError/Code/invalidArgument`` if the URL is malformed, a key unknown or repeated, or a value out of
    ///   range. The error names the part and never shows its value.
    public init(url: String) throws(AMQPError) {
        let url = try ConnectionURL(url)
        self.init()
        if let host = url.host { self.host = host }
        if let port = url.port { self.port = port }
        if let virtualHost = url.virtualHost { self.virtualHost = virtualHost }
        let query = try URLQuery(url.query, mayShow: url.mayShow)
        if url.scheme == .amqps {
            tls = try TLSConfiguration(query)
        } else if let key = TLSConfiguration.queryKeys.first(where: { query.text($0) != nil }) {
            throw AMQPError(invalidURL: "\(key.rawValue): it belongs to amqps, and the scheme is amqp")
        }
        credentials = try ConnectionParameters.credentials(url.userInfo, query.texts(.authMechanism))
        try takeLimits(query)
        try takeTimeouts(query)
        try takeAttempts(query)
        if let isOn = try query.truth(.backpressureDetection) { backpressureDetection = isOn }
        if let text = query.text(.locale) { locale = text }
        if let text = query.text(.connectionName) { connectionName = text }
        if let table = try query.table(.clientProperties) { clientProperties = table }
        if let table = try query.table(.tcpOptions) {
            socketOptions = try SocketOptions(table, part: URLQueryKey.tcpOptions.rawValue)
        }
        try validate()
    }

    private mutating func takeLimits(_ query: URLQuery) throws(AMQPError) {
        if let number = try query.number(.channelMax, 1 ... UInt16.max) { channelMax = number }
        if let number = try query.number(.frameMax, Framing.minimumFrameMax ... Int(Int32.max)) { frameMax = number }
        if let number = try query.number(.heartbeat, 0 ... UInt16.max) { heartbeat = .seconds(number) }
        if let number = try query.number(.messageSizeLimit, 0 ... Int.max) { messageSizeLimit = number }
        if let number = try query.number(.outputLimit, 1 ... Int.max) { outputLimit = number }
        if let number = try query.number(.outputHighWaterMark, 0 ... Int.max) { outputHighWaterMark = number }
        if let number = try query.number(.outputLowWaterMark, 0 ... Int.max) { outputLowWaterMark = number }
    }

    private mutating func takeAttempts(_ query: URLQuery) throws(AMQPError) {
        if let number = try query.number(.connectionAttempts, 1 ... Int.max) { connectionAttempts = number }
        if let seconds = try query.seconds(.retryDelay, orZero: true) {
            guard let seconds else { throw AMQPError(invalidURL: "retry_delay: seconds, such as 2.5, are expected") }
            retryDelay = seconds
        }
        if let seconds = try query.seconds(.resolveTimeout) { resolveTimeout = seconds }
        switch query.text(.addressOrder) {
        case nil: return
        case "raced": addressOrder = .raced
        case "sequential": addressOrder = .sequential
        case .some: throw AMQPError(invalidURL: "address_order: raced or sequential is expected")
        }
    }

    private mutating func takeTimeouts(_ query: URLQuery) throws(AMQPError) {
        if let seconds = try query.seconds(.socketTimeout) { socketTimeout = seconds }
        if let seconds = try query.seconds(.stackTimeout) { stackTimeout = seconds }
        if let seconds = try query.seconds(.requestTimeout) { requestTimeout = seconds }
        if let seconds = try query.seconds(.blockedConnectionTimeout, orZero: true) {
            blockedConnectionTimeout = seconds
        }
        guard let milliseconds = try query.number(.connectionTimeout, 1 ... Int64.max) else { return }
        guard query.text(.socketTimeout) == nil else {
            throw AMQPError(invalidURL: "connection_timeout and socket_timeout are the same; one is expected")
        }
        socketTimeout = .milliseconds(milliseconds)
    }

    private static func credentials(
        _ userInfo: (username: String, password: String)?, _ mechanisms: [String]
    ) throws(AMQPError) -> any Credentials {
        let key = URLQueryKey.authMechanism.rawValue
        let (username, password) = userInfo ?? ("guest", "guest")
        var candidates: [any Credentials] = []
        for name in mechanisms {
            switch URLMechanism(rawValue: name.lowercased()) {
            case .plain: candidates.append(PlainCredentials(username: username, password: password))
            case .amqplain: candidates.append(AMQPlainCredentials(username: username, password: password))
            case .external: candidates.append(ExternalCredentials())
            case nil: throw AMQPError(invalidURL: "\(key): plain, amqplain or external is expected")
            }
        }
        guard Set(candidates.map(\.mechanism)).count == candidates.count else {
            throw AMQPError(invalidURL: "\(key): a mechanism comes several times")
        }
        if userInfo != nil, !candidates.isEmpty, candidates.allSatisfy({ $0 is ExternalCredentials }) {
            throw AMQPError(invalidURL: "\(key): external alone takes no user name and password")
        }
        switch candidates.count {
        case 0: return PlainCredentials(username: username, password: password)
        case 1: return candidates[0]
        default: return CredentialsChoice(candidates)
        }
    }
}
