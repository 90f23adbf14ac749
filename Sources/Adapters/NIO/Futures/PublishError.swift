#if NIO
public import AMQPConnection

/// How a publish in confirm mode failed although the channel lives: the future of ``FutureChannel``'s `basicPublish` fails
/// with it. The end of a channel is an `AMQPError` instead; then the message may or may not have arrived.
public enum PublishError: Error, Sendable {
    /// The broker could not take responsibility for the message (`basic.nack`).
    case nacked
    /// The message was mandatory, and came back because no queue is bound for it.
    case unroutable(ReturnedMessage)
}

extension PublishError: CustomStringConvertible {
    public var description: String {
        switch self {
        case .nacked: "the broker did not take the message (basic.nack)"
        case .unroutable(let message): "no queue is bound for the message: \(message)"
        }
    }
}
#endif
