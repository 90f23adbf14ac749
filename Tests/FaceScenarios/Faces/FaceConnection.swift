public import AMQPConnection

/// An open connection of a face's.
public protocol FaceConnection: Sendable {
    /// What is known about it now.
    func facts() async throws(AMQPError) -> ConnectionFacts

    /// Opens a channel; with the lowest free number if `nil`.
    func channel(number: UInt16?) async throws(AMQPError) -> any FaceChannel

    /// Gives the broker a new secret.
    func updateSecret(_ secret: String, reason: String) async throws(AMQPError)

    /// The broker's reasons for taking no more publishes from now on, and `nil` each time that it goes on.
    func blockings() async throws(AMQPError) -> Inbox<String?>

    /// Waits for the connection's end, and tells why it came.
    func closed() async throws(AMQPError) -> AMQPError

    /// Closes the connection and waits for that.
    func close(replyCode: UInt16, replyText: String) async throws(AMQPError)
}

extension FaceConnection {
    func channel() async throws(AMQPError) -> any FaceChannel {
        try await channel(number: nil)
    }

    func close() async throws(AMQPError) {
        try await close(replyCode: 200, replyText: "Normal shutdown")
    }
}

/// What is known about a connection at a moment.
public struct ConnectionFacts: Sendable {
    var isOpen: Bool
    var tuned: TunedParameters?
    var serverProperties: FieldTable
    /// The port of the parameters that led to the broker.
    var port: UInt16
}
