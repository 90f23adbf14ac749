public import AMQPProtocol

/// Credentials that are good for a while only, such as a token: what a ``CredentialsProvider`` gives so that a connection
/// replaces them in time.
///
/// When four fifths of the time have passed since the provider gave them, the open connection asks its provider for the
/// next ones and gives their secret to the broker (`connection.update-secret`); see ``CredentialsProvider``.
public struct ExpiringCredentials: Credentials {
    /// What to log in with.
    public let credentials: any Credentials
    /// What `connection.update-secret` tells the broker: usually the password or token in the credentials.
    public let secret: String
    /// How long they are good for, from the moment that the provider gives them.
    public let validFor: Duration

    /// Credentials of any mechanism.
    ///
    /// - Parameters:
    ///   - credentials: what to log in with.
    ///   - secret: what the broker is told when these replace others.
    ///   - validFor: how long they are good for; above zero.
    public init(_ credentials: any Credentials, secret: String, validFor: Duration) {
        self.credentials = credentials
        self.secret = secret
        self.validFor = validFor
    }

    /// A user name and password for PLAIN; RabbitMQ takes a token as the password.
    public init(username: String, password: String, validFor: Duration) {
        self.init(PlainCredentials(username: username, password: password), secret: password, validFor: validFor)
    }

    /// The mechanism of the credentials that expire.
    public var mechanism: String { credentials.mechanism }

    /// Checks the credentials; the time must be above zero.
    public func validate() throws(AMQPError) {
        guard validFor > .zero else {
            throw AMQPError(.invalidArgument, blame: .application, "the credentials have expired already")
        }
        try credentials.validate()
    }

    public func credentials(for mechanisms: [String]) throws(AMQPError) -> (any Credentials)? {
        try credentials.credentials(for: mechanisms)
    }

    public func initialResponse() throws(AMQPError) -> ByteSlice { try credentials.initialResponse() }

    public func response(to challenge: ByteSlice) throws(AMQPError) -> ByteSlice? {
        try credentials.response(to: challenge)
    }

    public func accepted() { credentials.accepted() }
}

extension ExpiringCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The credentials' description and the time; no secret.
    public var description: String { "\(credentials), valid for \(validFor)" }
    /// The credentials' description and the time; no secret.
    public var debugDescription: String { description }
    /// The credentials and the time; not the secret.
    public var customMirror: Mirror { Mirror(self, children: ["credentials": credentials, "validFor": validFor]) }
}
