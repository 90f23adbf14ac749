/// Where credentials come from that change or must not be kept: a file, a vault, a token service.
public protocol CredentialsProvider: Sendable {
    /// Fetches credentials for one attempt to connect, or to replace those of an open connection.
    ///
    /// It is asked again for each attempt, on the connection's loop, where it must not block. The connection's stack
    /// timeout limits how long the answer may take, on an open connection the request timeout.
    ///
    /// If it gives ``ExpiringCredentials``, an open connection asks again when four fifths of their time have passed, and
    /// gives the new secret to the broker (`connection.update-secret`). What fails then is reported to the connection's
    /// ``Connection/onError(_:)`` listeners and tried again: after 1 s, then 2, 4 … 60 s. It ends with the connection.
    ///
    /// - Parameter completion: to be called with the credentials or the reason why there are none, on any thread; what
    ///   comes after the first call is ignored. A failure ends the attempt with
    ///   ``AMQPError/Code/credentialsUnavailable``, whose underlying error it is.
    func provideCredentials(_ completion: @escaping @Sendable (Result<any Credentials, any Error>) -> Void)
}
