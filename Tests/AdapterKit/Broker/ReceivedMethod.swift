public import AMQPConnection

/// A method that a ``ScriptedBroker`` received.
public struct ReceivedMethod: Sendable {
    /// The channel that it came on.
    public let channel: UInt16
    /// The method with its arguments.
    public let method: Method
}
