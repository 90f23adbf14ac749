import AMQPConnection

/// A ``Connection`` on the loop's thread.
final class CallbackConnection: FaceConnection {
    private let bound: LoopBound<Connection>
    private let ending = Ending()

    /// Call it on the loop's thread.
    init(_ connection: Connection) {
        bound = LoopBound(connection)
        connection.onClose { [ending] _, error in ending.set(error) }
    }

    func facts() async throws(AMQPError) -> ConnectionFacts {
        try await bound.run { connection in
            ConnectionFacts(
                isOpen: connection.isOpen, tuned: connection.tuned, serverProperties: connection.serverProperties,
                port: connection.parameters.port)
        }
    }

    func channel(number: UInt16?) async throws(AMQPError) -> any FaceChannel {
        try await bound.reply { connection, completion in
            connection.openChannel(number: number) { result in completion(result.map { CallbackChannel($0) }) }
        }
    }

    func updateSecret(_ secret: String, reason: String) async throws(AMQPError) {
        _ = try await bound.reply { $0.updateSecret(secret, reason: reason, completion: $1) }
    }

    func blockings() async throws(AMQPError) -> Inbox<String?> {
        try await bound.run { connection in
            let inbox = Inbox<String?>()
            connection.onBlocked { _, reason in inbox.put(reason) }
            connection.onUnblocked { _ in inbox.put(nil) }
            return inbox
        }
    }

    func closed() async throws(AMQPError) -> AMQPError {
        await ending.wait()
    }

    func close(replyCode: UInt16, replyText: String) async throws(AMQPError) {
        try await bound.reply { $0.close(replyCode: replyCode, replyText: replyText, completion: $1) }
    }
}
