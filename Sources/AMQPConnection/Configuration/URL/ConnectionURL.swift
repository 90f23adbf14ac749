/// A URL in its parts, decoded: `amqp://user:password@host:port/virtual-host?key=value`.
///
/// The grammar is RFC 3986's, made stricter where a slip could go unnoticed: a user name comes with a password, the path
/// is one segment, there is no fragment, and nothing behind the host holds a bare `@` (a sign of `/`, `?` or `#` in a
/// password that is not percent-encoded).
struct ConnectionURL {
    enum Scheme: String {
        case amqp
        case amqps
    }

    /// The protocol, in lower case.
    private(set) var scheme: Scheme
    /// User name and password, if given.
    private(set) var userInfo: (username: String, password: String)?
    /// The host without brackets, if given.
    private(set) var host: String?
    /// The port, if given.
    private(set) var port: UInt16?
    /// The path without its slash; `nil` if it is empty.
    private(set) var virtualHost: String?
    /// The items behind the question mark, in their order.
    private(set) var query: [(key: String, value: String)] = []

    /// Whether a text of the query cannot be a piece of the password: of one that is given, or of one whose host was
    /// forgotten, so that user name and password look like host and port.
    func mayShow(_ text: String) -> Bool {
        userInfo.map { !$0.password.contains(text) } ?? (port == nil)
    }

    /// Takes a URL apart.
    init(_ url: String) throws(AMQPError) {
        let bytes = Array(url.utf8)
        if bytes.contains(where: { $0 <= 32 || $0 == 127 }) {
            throw AMQPError(invalidURL: "spaces and control characters must be percent-encoded")
        }
        let schemeEnd = Array("://".utf8)
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].starts(with: schemeEnd),
            let scheme = Scheme(rawValue: String(decoding: bytes[..<colon], as: UTF8.self).lowercased())
        else {
            throw AMQPError(invalidURL: "scheme: amqp:// or amqps:// is expected")
        }
        self.scheme = scheme
        let rest = bytes[(colon + schemeEnd.count)...]
        let authorityEnd = rest.firstIndex { "/?#".utf8.contains($0) } ?? rest.endIndex
        let tail = rest[authorityEnd...]
        guard !tail.contains(UInt8(ascii: "@")) else {
            throw AMQPError(
                invalidURL: "an @ stands behind the host: / ? # in a user name or password, and @ in the virtual host "
                    + "or query, must be percent-encoded")
        }
        guard !tail.contains(UInt8(ascii: "#")) else {
            throw AMQPError(invalidURL: "fragment: # must be percent-encoded")
        }
        let question = tail.firstIndex(of: UInt8(ascii: "?")) ?? tail.endIndex
        try parseAuthority(rest[..<authorityEnd])
        try parsePath(tail[..<question])
        try parseQuery(tail[question...].dropFirst())
    }

    private mutating func parseAuthority(_ authority: ArraySlice<UInt8>) throws(AMQPError) {
        guard let at = authority.lastIndex(of: UInt8(ascii: "@")) else { return try parseHost(authority) }
        let info = authority[..<at]
        guard let colon = info.firstIndex(of: UInt8(ascii: ":")) else {
            throw AMQPError(
                invalidURL: "password: it is missing; write user:password@host, or user:@host if it is empty")
        }
        userInfo = (
            try PercentCoding.decode(info[..<colon], part: "user name"),
            try PercentCoding.decode(info[(colon + 1)...], part: "password")
        )
        try parseHost(authority[(at + 1)...])
    }

    private mutating func parseHost(_ bytes: ArraySlice<UInt8>) throws(AMQPError) {
        var portPart: ArraySlice<UInt8>
        if bytes.first == UInt8(ascii: "[") {
            guard let bracket = bytes.firstIndex(of: UInt8(ascii: "]")) else {
                throw AMQPError(invalidURL: "host: the closing bracket is missing")
            }
            let address = try PercentCoding.decode(bytes[..<bracket].dropFirst(), part: "host")
            guard IPv6Text.isAddress(address) else {
                throw AMQPError(invalidURL: "host: what stands in brackets is not an IPv6 address")
            }
            host = address
            portPart = bytes[(bracket + 1)...]
        } else {
            let colon = bytes.firstIndex(of: UInt8(ascii: ":")) ?? bytes.endIndex
            portPart = bytes[colon...]
            guard !portPart.dropFirst().contains(UInt8(ascii: ":")) else {
                throw AMQPError(invalidURL: "host: it has several colons; an IPv6 address stands in brackets")
            }
            let name = try PercentCoding.decode(bytes[..<colon], part: "host")
            if !name.isEmpty { host = name }
        }
        guard let colon = portPart.popFirst() else { return }
        guard colon == UInt8(ascii: ":") else { throw AMQPError(invalidURL: "host: a colon is expected behind it") }
        guard !portPart.isEmpty else { return }
        guard let number = WholeNumber.parse(portPart).flatMap(UInt16.init(exactly:)), number > 0 else {
            throw AMQPError(invalidURL: "port: a number, 1 … 65535, is expected")
        }
        port = number
    }

    private mutating func parsePath(_ path: ArraySlice<UInt8>) throws(AMQPError) {
        let segment = path.dropFirst()
        guard !segment.isEmpty else { return }
        guard !segment.contains(UInt8(ascii: "/")) else {
            throw AMQPError(
                invalidURL: "virtual host: the path has several segments; a / in the name is written %2F")
        }
        virtualHost = try PercentCoding.decode(segment, part: "virtual host")
    }

    private mutating func parseQuery(_ text: ArraySlice<UInt8>) throws(AMQPError) {
        guard !text.isEmpty else { return }
        for item in text.split(separator: UInt8(ascii: "&"), omittingEmptySubsequences: false) {
            guard let equals = item.firstIndex(of: UInt8(ascii: "=")), equals > item.startIndex else {
                throw AMQPError(invalidURL: "query: key=value is expected between the &")
            }
            let key = try PercentCoding.decode(item[..<equals], part: "query", plusIsSpace: true)
            let value = item[(equals + 1)...]
            query.append((key, try PercentCoding.decode(value, part: "query", plusIsSpace: true)))
        }
    }
}
