/// The mechanisms that a URL can name, by `auth_mechanism`.
enum URLMechanism: String {
    case plain
    case amqplain
    case external

    /// The name for credentials of this library's; `nil` for others.
    init?(_ credentials: any Credentials) {
        switch credentials {
        case is PlainCredentials: self = .plain
        case is AMQPlainCredentials: self = .amqplain
        case is ExternalCredentials: self = .external
        default: return nil
        }
    }
}
