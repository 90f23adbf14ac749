/// A value of the caller's that cannot be put on the wire; found before a single byte of it is written.
public struct EncodingError: Error, Sendable, Hashable {
    /// The argument or property, in the specification's words, for example `routing-key`.
    public var field: String
    /// What was given and what is allowed.
    public var reason: String

    /// An error about one argument or property.
    public init(field: String, reason: String) {
        self.field = field
        self.reason = reason
    }
}

extension EncodingError: CustomStringConvertible {
    public var description: String { "\(field): \(reason)" }
}
