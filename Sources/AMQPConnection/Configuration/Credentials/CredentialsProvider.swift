/// Where credentials come from that change or must not be kept: a file, a vault, a token service.
public protocol CredentialsProvider: Sendable {
    /// Fetches credentials for one connection.
    ///
    /// It is asked again each time that a connection is made, on the connection's loop, where it must not block. The
    /// connection's stack timeout limits how long the answer may take.
    ///
    /// - Parameter completion: to be called with the credentials or the reason why there are none, on any thread; what
    ///   comes after the first call is ignored. A failure ends the connection with
    ///   ``AMQPError/Code/credentialsUnavailable``, whose underlying error it is.
    func provideCredentials(_ completion: @escaping @Sendable (Result<any Credentials, any Error>) -> Void)
}
