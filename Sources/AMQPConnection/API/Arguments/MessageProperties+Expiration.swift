public import AMQPProtocol

extension MessageProperties {
    /// The same properties with an ``expiration``: how long the message may wait in a queue.
    ///
    /// - Parameter time: 0 … 4294967295 ms; part of a millisecond counts as a whole one. Zero drops (or dead-letters) a
    ///   message that cannot be delivered at once.
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/invalidArgument`` if it is out of range.
    public func expiring(after time: Duration) throws(AMQPError) -> MessageProperties {
        var properties = self
        properties.expiration = "\(try ArgumentTable.milliseconds(time, "expiration", from: 0))"
        return properties
    }
}
