public import AMQPProtocol

/// What a connection logs in with: one SASL mechanism, or a choice of them (specification 1.4.2.2, `connection.start-ok`).
///
/// A connection uses them in this order, on its loop's thread: ``validate()`` before it does anything,
/// ``credentials(for:)`` when the broker has said what it offers, ``initialResponse()`` and ``response(to:)`` of what that
/// returned, and ``accepted()`` when the broker goes on.
///
/// A type that conforms must not show secrets in its description.
public protocol Credentials: Sendable {
    /// The mechanism's name as the broker offers it, for example `PLAIN`.
    var mechanism: String { get }

    /// Checks that the mechanism can carry the values.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/invalidArgument``, without showing a value.
    func validate() throws(AMQPError)

    /// The credentials for a broker that offers these mechanisms; `nil` if it offers none that will do.
    func credentials(for mechanisms: [String]) throws(AMQPError) -> (any Credentials)?

    /// The first response, sent with `connection.start-ok`.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/invalidArgument`` if the mechanism cannot carry the values.
    func initialResponse() throws(AMQPError) -> ByteSlice

    /// The answer to a `connection.secure` challenge; `nil` if the mechanism knows no challenges, which ends the
    /// connection.
    func response(to challenge: ByteSlice) throws(AMQPError) -> ByteSlice?

    /// The broker has accepted the credentials: it has sent `connection.tune`.
    func accepted()
}

extension Credentials {
    /// Everything is valid.
    public func validate() throws(AMQPError) {}

    /// These credentials, if their mechanism is offered.
    public func credentials(for mechanisms: [String]) throws(AMQPError) -> (any Credentials)? {
        mechanisms.contains(mechanism) ? self : nil
    }

    /// No answer: most mechanisms know no challenges.
    public func response(to challenge: ByteSlice) throws(AMQPError) -> ByteSlice? { nil }

    /// Nothing.
    public func accepted() {}
}
