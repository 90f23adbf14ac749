public import AMQPProtocol

/// Publishes messages that differ in their bodies only: to one exchange, with one routing key and the same properties.
///
/// It is made by ``Channel/publisher(exchange:routingKey:properties:mandatory:)``, which checks and encodes all of that
/// once; what leaves is the same as with ``Channel/basicPublish(_:exchange:routingKey:properties:mandatory:onOutcome:)``.
/// It belongs to its channel's loop and holds the channel. Any number of them may be used side by side, and next to
/// `basicPublish`.
public struct Publisher {
    /// The channel that it publishes on.
    public let channel: Channel
    /// The exchange that messages go to; empty is the default exchange.
    public var exchange: String { method.exchange }
    /// The routing key that messages have.
    public var routingKey: String { method.routingKey }
    /// Whether the broker gives a message back if no queue is bound for it.
    public var isMandatory: Bool { method.mandatory }
    private let method: BasicPublish
    private let properties: MessageProperties
    private let encoded: EncodedPublish

    init(_ channel: Channel, _ method: BasicPublish, _ properties: MessageProperties, _ encoded: EncodedPublish) {
        self.channel = channel
        self.method = method
        self.properties = properties
        self.encoded = encoded
    }

    /// Publishes a message.
    ///
    /// - Parameters:
    ///   - body: the message's bytes; a text is sent as UTF-8. A `ByteSlice` of 16 KiB or more is not copied.
    ///   - onOutcome: called exactly once if the call does not throw, with how the publish ended. Needs confirm mode.
    /// - Returns: the publish's sequence number on the channel, from 1, in confirm mode; `nil` otherwise.
    /// - Throws: ``AMQPError`` if nothing was published: ``AMQPError/Code/channelWrongState`` (not open, or an outcome is
    ///   asked for outside confirm mode), ``AMQPError/Code/outputBufferFull``.
    @discardableResult
    @inlinable
    public func publish(
        _ body: some MessageBody, onOutcome: ((PublishOutcome) throws -> Void)? = nil
    ) throws(AMQPError) -> UInt64? {
        try body.withMessageBytes { (bytes, slice) throws(AMQPError) in try publish(bytes, slice, onOutcome) }
    }

    @usableFromInline
    func publish(
        _ bytes: UnsafeRawBufferPointer, _ slice: ByteSlice?, _ onOutcome: ((PublishOutcome) throws -> Void)?
    ) throws(AMQPError) -> UInt64? {
        try channel.checkPublish(bytes.count, onOutcome)
        if channel.holdsPublishes { return try channel.hold(method, properties, bytes, slice, onOutcome) }
        let connection = channel.connection
        connection.output.append(
            encoded, body: bytes, slice: slice, channel: channel.number, frameMax: connection.frameMax)
        connection.outputGrew()
        guard channel.isInConfirmMode else { return nil }
        return channel.track(onOutcome, PublishFingerprint.of(method, properties, bytes))
    }
}

@available(*, unavailable)
extension Publisher: Sendable {}

extension Channel {
    /// Prepares publishing many messages that differ in their bodies only (`basic.publish`).
    ///
    /// They carry the ``accessTicket`` that the channel has now.
    ///
    /// - Parameters:
    ///   - exchange: the exchange; empty is the default exchange, which routes to the queue named by the routing key.
    ///   - routingKey: the routing key, at most 255 bytes.
    ///   - properties: the properties of every message.
    ///   - mandatory: whether the broker gives a message back if no queue is bound for it.
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/invalidArgument`` if an argument cannot be sent. The channel
    ///   need not be open any more: publishing says so.
    public func publisher(
        exchange: String = "", routingKey: String, properties: MessageProperties = MessageProperties(),
        mandatory: Bool = false
    ) throws(AMQPError) -> Publisher {
        let method = BasicPublish(
            ticket: accessTicket, exchange: exchange, routingKey: routingKey, mandatory: mandatory)
        do {
            let encoded = try EncodedPublish(
                method, properties: properties, channel: number, frameMax: connection.frameMax)
            return Publisher(self, method, properties, encoded)
        } catch {
            throw AMQPError(error, method: .basicPublish)
        }
    }
}
