public import AMQPProtocol

/// A user name and a password, sent by the mechanism PLAIN (RFC 4616).
public struct PlainCredentials: Credentials, Hashable {
    /// The user name; control characters are not allowed.
    public var username: String
    /// The password; it never shows in a description. Control characters are not allowed.
    public var password: String

    /// Credentials of a user.
    public init(username: String = "guest", password: String = "guest") {
        self.username = username
        self.password = password
    }

    /// `PLAIN`.
    public var mechanism: String { "PLAIN" }

    /// Refuses control characters: the fields are joined by NUL, so a NUL in one of them could log in as somebody else.
    public func validate() throws(AMQPError) {
        try validateNameAndPassword()
    }

    /// NUL, user name, NUL, password.
    public func initialResponse() throws(AMQPError) -> ByteSlice {
        try validate()
        return ByteSlice([0] + Array(username.utf8) + [0] + Array(password.utf8))
    }
}

extension PlainCredentials: UserNameCredentials {}

extension PlainCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The mechanism and the user name.
    public var description: String { "PLAIN, user \(username)" }
    /// The mechanism and the user name.
    public var debugDescription: String { description }
    /// Shows the user name only.
    public var customMirror: Mirror { Mirror(self, children: ["username": username]) }
}
