public import AMQPProtocol

/// What a connection logs in with: one SASL mechanism (specification 1.4.2.2, `connection.start-ok`).
///
/// A type that conforms must not show secrets in its description.
public protocol Credentials: Sendable {
    /// The mechanism's name as the broker offers it, for example `PLAIN`.
    var mechanism: String { get }

    /// Checks that the mechanism can carry the values; a connection calls it before it does anything.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/invalidArgument``, without showing a value.
    func validate() throws(AMQPError)

    /// The first response, sent with `connection.start-ok`.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/invalidArgument`` if the mechanism cannot carry the values.
    func initialResponse() throws(AMQPError) -> ByteSlice

    /// The answer to a `connection.secure` challenge; `nil` if the mechanism knows no challenges, which ends the
    /// connection.
    func response(to challenge: ByteSlice) throws(AMQPError) -> ByteSlice?
}

extension Credentials {
    /// Everything is valid.
    public func validate() throws(AMQPError) {}

    /// No answer: most mechanisms know no challenges.
    public func response(to challenge: ByteSlice) throws(AMQPError) -> ByteSlice? { nil }
}
