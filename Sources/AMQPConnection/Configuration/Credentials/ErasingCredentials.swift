public import AMQPProtocol

/// Credentials that are forgotten once a broker has accepted them.
///
/// A connection that is made with them later fails with a clear error; to connect again without keeping a secret in
/// memory, use ``CredentialsProvider``. All copies of the parameters share them. The memory is released, not overwritten.
public final class ErasingCredentials: Credentials {
    private let wrapped: Guarded<(any Credentials)?>

    /// Keeps credentials until a broker has accepted them.
    public init(_ credentials: any Credentials) {
        wrapped = Guarded(credentials)
    }

    /// The mechanism's name, or `none` once the credentials are erased.
    public var mechanism: String { wrapped.withLock { $0 }?.mechanism ?? "none" }

    /// Checks the credentials.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/invalidArgument`` once they are erased.
    public func validate() throws(AMQPError) { try kept().validate() }

    public func credentials(for mechanisms: [String]) throws(AMQPError) -> (any Credentials)? {
        guard let chosen = try kept().credentials(for: mechanisms) else { return nil }
        return Chosen(credentials: chosen, owner: self)
    }

    public func initialResponse() throws(AMQPError) -> ByteSlice { try kept().initialResponse() }

    public func response(to challenge: ByteSlice) throws(AMQPError) -> ByteSlice? {
        try kept().response(to: challenge)
    }

    /// Forgets the credentials.
    public func accepted() {
        wrapped.withLock { $0 }?.accepted()
        erase()
    }

    private func erase() {
        _ = wrapped.withLock { $0.take() }
    }

    private func kept() throws(AMQPError) -> any Credentials {
        if let credentials = wrapped.withLock({ $0 }) { return credentials }
        throw AMQPError(
            .invalidArgument, blame: .application, "the credentials were erased when a broker had accepted them")
    }

    /// What was chosen for one broker; its acceptance erases the original.
    private struct Chosen: Credentials {
        let credentials: any Credentials
        let owner: ErasingCredentials

        var mechanism: String { credentials.mechanism }
        func initialResponse() throws(AMQPError) -> ByteSlice { try credentials.initialResponse() }
        func response(to challenge: ByteSlice) throws(AMQPError) -> ByteSlice? {
            try credentials.response(to: challenge)
        }
        func accepted() {
            credentials.accepted()
            owner.erase()
        }
    }
}

extension ErasingCredentials: CustomStringConvertible {
    /// The description of the credentials, which shows no secret, or that they are erased.
    public var description: String { wrapped.withLock { $0 }.map { "\($0), erased when accepted" } ?? "erased" }
}

extension ErasingCredentials: CustomReflectable {
    /// Shows nothing of the credentials.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
