#if NIO
import AMQPConnection
import AMQPNIO

/// A ``FutureConnection``.
struct NIOFaceConnection: FaceConnection {
    let connection: FutureConnection

    func facts() async throws(AMQPError) -> ConnectionFacts {
        try await connection.withConnection { connection in
            ConnectionFacts(
                isOpen: connection.isOpen, tuned: connection.tuned, serverProperties: connection.serverProperties,
                port: connection.parameters.port)
        }.reply()
    }

    func channel(number: UInt16?) async throws(AMQPError) -> any FaceChannel {
        NIOFaceChannel(channel: try await connection.channel(number: number).reply())
    }

    func updateSecret(_ secret: String, reason: String) async throws(AMQPError) {
        _ = try await connection.updateSecret(secret, reason: reason).reply()
    }

    func blockings() async throws(AMQPError) -> Inbox<String?> {
        try await connection.withConnection { connection in
            let inbox = Inbox<String?>()
            connection.onBlocked { _, reason in inbox.put(reason) }
            connection.onUnblocked { _ in inbox.put(nil) }
            return inbox
        }.reply()
    }

    func closed() async throws(AMQPError) -> AMQPError {
        try await connection.closed.reply()
    }

    func close(replyCode: UInt16, replyText: String) async throws(AMQPError) {
        try await connection.close(replyCode: replyCode, replyText: replyText).reply()
    }
}
#endif
