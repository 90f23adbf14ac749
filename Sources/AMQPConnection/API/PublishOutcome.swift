/// What waits for the outcome of one publish. It is a struct because a bare closure would be wrapped in another one, on the
/// heap, for each publish.
struct OutcomeContinuation {
    let call: (PublishOutcome) throws -> Void
}

/// How a publish on a channel in confirm mode ended.
public enum PublishOutcome: Sendable {
    /// The broker has taken responsibility for the message.
    case confirmed
    /// The broker could not take responsibility (`basic.nack`); publishing it again is safe, perhaps as a duplicate.
    case nacked
    /// The message was published as mandatory, and no queue is bound for it.
    indirect case returned(ReturnedMessage)
    /// The channel or the connection ended before the broker answered, or ``Channel/confirmTimeout`` passed
    /// (``AMQPError/Code/deadlineExceeded``; the channel lives on): the message may or may not have arrived.
    case lost(AMQPError)
}
