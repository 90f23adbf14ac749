import AMQPBlocking
import AMQPConnection

/// A ``BlockingConnection`` on its thread.
final class BlockingFaceConnection: FaceConnection {
    let thread: BlockingThread

    init(thread: BlockingThread) {
        self.thread = thread
    }

    deinit { thread.end() }

    func facts() async throws(AMQPError) -> ConnectionFacts {
        try await thread.run { seat in
            let connection = seat.connection
            return ConnectionFacts(
                isOpen: connection.isOpen, tuned: connection.tuned, serverProperties: connection.serverProperties,
                port: connection.parameters.port)
        }
    }

    func channel(number: UInt16?) async throws(AMQPError) -> any FaceChannel {
        let ending = Ending()
        let (id, number) = try await thread.run { seat throws(AMQPError) in try seat.open(number, ending) }
        return BlockingFaceChannel(self, id, number, ending)
    }

    func updateSecret(_ secret: String, reason: String) async throws(AMQPError) {
        _ = try await thread.run { seat throws(AMQPError) in
            try seat.connection.updateSecret(secret, reason: reason)
        }
    }

    func blockings() async throws(AMQPError) -> Inbox<String?> {
        try await thread.run { seat in
            let inbox = Inbox<String?>()
            seat.connection.onBlocked { _, reason in inbox.put(reason) }
            seat.connection.onUnblocked { _ in inbox.put(nil) }
            return inbox
        }
    }

    func closed() async throws(AMQPError) -> AMQPError {
        await (try thread.run { $0.ending }).wait()
    }

    func close(replyCode: UInt16, replyText: String) async throws(AMQPError) {
        try await thread.run { seat throws(AMQPError) in
            try seat.connection.close(replyCode: replyCode, replyText: replyText)
        }
    }
}
