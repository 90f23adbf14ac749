/// The keys of a URL's query: Pika's, those of RabbitMQ's Erlang client, and our own.
enum URLQueryKey: String, CaseIterable {
    // Pika's
    case backpressureDetection = "backpressure_detection"
    case blockedConnectionTimeout = "blocked_connection_timeout"
    case channelMax = "channel_max"
    case clientProperties = "client_properties"
    case connectionAttempts = "connection_attempts"
    case frameMax = "frame_max"
    case heartbeat
    case locale
    case retryDelay = "retry_delay"
    case socketTimeout = "socket_timeout"
    case sslOptions = "ssl_options"
    case stackTimeout = "stack_timeout"
    case tcpOptions = "tcp_options"
    // The Erlang client's
    case authMechanism = "auth_mechanism"
    case caCertFile = "cacertfile"
    case certFile = "certfile"
    case connectionTimeout = "connection_timeout"
    case keyFile = "keyfile"
    case password
    case serverNameIndication = "server_name_indication"
    case verify
    // Ours
    case addressOrder = "address_order"
    case connectionName = "connection_name"
    case messageSizeLimit = "message_size_limit"
    case outputHighWaterMark = "output_high_water_mark"
    case outputLimit = "output_limit"
    case outputLowWaterMark = "output_low_water_mark"
    case requestTimeout = "request_timeout"
    case resolveTimeout = "resolve_timeout"

    /// Whether the key may come several times.
    var isRepeatable: Bool { self == .authMechanism }
}
