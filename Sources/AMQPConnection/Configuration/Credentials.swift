public import AMQPProtocol

/// What a connection logs in with: one SASL mechanism (specification 1.4.2.2, `connection.start-ok`).
///
/// A type that conforms must not show secrets in its description.
public protocol Credentials: Sendable {
    /// The mechanism's name as the broker offers it, for example `PLAIN`.
    var mechanism: String { get }

    /// The first response, sent with `connection.start-ok`.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/invalidArgument`` if the mechanism cannot carry the values.
    func initialResponse() throws(AMQPError) -> ByteSlice

    /// The answer to a `connection.secure` challenge; `nil` if the mechanism knows no challenges, which ends the
    /// connection.
    func response(to challenge: ByteSlice) throws(AMQPError) -> ByteSlice?
}

extension Credentials {
    /// No answer: most mechanisms know no challenges.
    public func response(to challenge: ByteSlice) throws(AMQPError) -> ByteSlice? { nil }
}

/// A user name and a password, sent by the mechanism PLAIN (RFC 4616).
public struct PlainCredentials: Credentials, Hashable {
    /// The user name.
    public var username: String
    /// The password; it never shows in a description.
    public var password: String

    public init(username: String = "guest", password: String = "guest") {
        self.username = username
        self.password = password
    }

    public var mechanism: String { "PLAIN" }

    /// NUL, user name, NUL, password. The fields are joined by NUL, so neither may hold one.
    public func initialResponse() throws(AMQPError) -> ByteSlice {
        for (name, value) in [("user name", username), ("password", password)] where value.utf8.contains(0) {
            throw AMQPError(.invalidArgument, blame: .application, "the \(name) contains a NUL character")
        }
        return ByteSlice([0] + Array(username.utf8) + [0] + Array(password.utf8))
    }
}

extension PlainCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String { "PLAIN, user \(username)" }
    public var debugDescription: String { description }
    /// Shows the user name only.
    public var customMirror: Mirror { Mirror(self, children: ["username": username]) }
}
