public import AMQPProtocol

/// Several credentials, of which the first is used whose mechanism the broker offers.
public struct CredentialsChoice: Credentials {
    /// The credentials, the preferred ones first.
    public var candidates: [any Credentials]

    /// A choice of these credentials, the preferred ones first.
    public init(_ candidates: [any Credentials]) {
        self.candidates = candidates
    }

    /// The names of all the mechanisms, for errors.
    public var mechanism: String { candidates.map(\.mechanism).joined(separator: " or ") }

    /// Checks each; there must be one at least.
    public func validate() throws(AMQPError) {
        guard !candidates.isEmpty else {
            throw AMQPError(.invalidArgument, blame: .application, "the choice of credentials is empty")
        }
        for candidate in candidates { try candidate.validate() }
    }

    /// The first that will do.
    public func credentials(for mechanisms: [String]) throws(AMQPError) -> (any Credentials)? {
        for candidate in candidates {
            if let credentials = try candidate.credentials(for: mechanisms) { return credentials }
        }
        return nil
    }

    /// Refused: a choice has to be made by ``credentials(for:)`` first.
    public func initialResponse() throws(AMQPError) -> ByteSlice {
        throw AMQPError(.invalidArgument, blame: .application, "no choice was made between \(mechanism)")
    }
}

extension CredentialsChoice: CustomStringConvertible {
    /// The descriptions of all.
    public var description: String { candidates.map { "\($0)" }.joined(separator: " or ") }
}
