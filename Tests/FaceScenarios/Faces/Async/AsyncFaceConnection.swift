import AMQPAsync
import AMQPConnection

/// An ``AsyncConnection``.
struct AsyncFaceConnection: FaceConnection {
    let connection: AsyncConnection

    func facts() async throws(AMQPError) -> ConnectionFacts {
        try await connection.run { connection in
            ConnectionFacts(
                isOpen: connection.isOpen, tuned: connection.tuned, serverProperties: connection.serverProperties,
                port: connection.parameters.port)
        }
    }

    func channel(number: UInt16?) async throws(AMQPError) -> any FaceChannel {
        AsyncFaceChannel(try await connection.channel(number: number))
    }

    func updateSecret(_ secret: String, reason: String) async throws(AMQPError) {
        try await connection.updateSecret(secret, reason: reason)
    }

    func blockings() async throws(AMQPError) -> Inbox<String?> {
        try await connection.run { connection in
            let inbox = Inbox<String?>()
            connection.onBlocked { _, reason in inbox.put(reason) }
            connection.onUnblocked { _ in inbox.put(nil) }
            return inbox
        }
    }

    func closed() async throws(AMQPError) -> AMQPError {
        try await connection.closed()
    }

    func close(replyCode: UInt16, replyText: String) async throws(AMQPError) {
        try await connection.close(replyCode: replyCode, replyText: replyText)
    }
}
