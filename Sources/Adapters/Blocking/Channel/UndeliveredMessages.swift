public import AMQPConnection

/// The messages that a publish in confirm mode got back; the underlying error of ``AMQPError/Code/messageUnroutable`` and
/// ``AMQPError/Code/messageNacked``.
public struct UndeliveredMessages: Error, Sendable {
    /// What came back; empty if the broker has refused a message without giving it back.
    public let messages: [ReturnedMessage]

    func error(_ code: AMQPError.Code) -> AMQPError {
        let reason =
            messages.first.map { "\($0)" }
            ?? "the broker could not take responsibility for the message; it may be published again"
        return AMQPError(
            code, blame: messages.isEmpty ? .peer : .application, reason, replyCode: messages.first?.replyCode,
            replyText: messages.first?.replyText, method: .basicPublish, underlying: self)
    }
}

extension UndeliveredMessages: CustomStringConvertible {
    /// How many messages came back.
    public var description: String { "\(messages.count) messages came back" }
}

extension AMQPError {
    /// The messages that the broker gave back, if this is the error of a publish that was not delivered.
    public var returnedMessages: [ReturnedMessage] { (underlying as? UndeliveredMessages)?.messages ?? [] }
}
