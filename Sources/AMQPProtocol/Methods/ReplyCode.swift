/// The number that says why a channel or connection was closed or a message returned (specification 1.1).
///
/// The constants are generated from the specification table.
public struct ReplyCode: RawRepresentable, Sendable, Hashable {
    /// What a reply code ends.
    public enum Scope: Sendable, Hashable {
        /// The channel; the connection lives on (a soft error).
        case channel
        /// The connection with all of its channels (a hard error).
        case connection
    }

    /// The number on the wire.
    public var rawValue: UInt16

    /// The code of that number, whether it is known or not.
    @inlinable
    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }
}

extension ReplyCode: CustomStringConvertible {
    /// The number and, if the specification has the code, its name: `404 not-found`.
    public var description: String { name.map { "\(rawValue) \($0)" } ?? String(rawValue) }
}
