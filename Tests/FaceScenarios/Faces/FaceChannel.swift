public import AMQPConnection
public import AMQPProtocol

/// An open channel of a face's; its calls wait for the broker's answers where there are any.
public protocol FaceChannel: Sendable {
    var number: UInt16 { get }

    // MARK: Exchanges and queues

    func exchangeDeclare(_ exchange: ExchangeDeclare) async throws(AMQPError)
    func exchangeDelete(_ exchange: String, ifUnused: Bool) async throws(AMQPError)
    func exchangeBind(destination: String, source: String, routingKey: String) async throws(AMQPError)
    func exchangeUnbind(destination: String, source: String, routingKey: String) async throws(AMQPError)
    func queueDeclare(_ queue: QueueDeclare) async throws(AMQPError) -> QueueDeclareOK
    func queueBind(
        _ queue: String, exchange: String, routingKey: String?, arguments: FieldTable
    ) async throws(AMQPError)
    func queueUnbind(
        _ queue: String, exchange: String, routingKey: String?, arguments: FieldTable
    ) async throws(AMQPError)
    /// - Returns: the number of messages.
    func queuePurge(_ queue: String) async throws(AMQPError) -> UInt32
    /// - Returns: the number of messages.
    func queueDelete(_ queue: String, ifUnused: Bool, ifEmpty: Bool) async throws(AMQPError) -> UInt32

    // MARK: Publishing

    /// Publishes without waiting for an outcome. The channel is not in confirm mode.
    func publish(_ message: FaceMessage) async throws(AMQPError)
    /// Publishes on a channel in confirm mode, all at once as far as the face can, and waits for the outcomes.
    ///
    /// - Throws: why one of them could not be published at all.
    func publishConfirmed(_ messages: [FaceMessage]) async throws(AMQPError) -> [PublishOutcome]
    func confirmSelect() async throws(AMQPError)
    func txSelect() async throws(AMQPError)
    func txCommit() async throws(AMQPError)
    func txRollback() async throws(AMQPError)
    /// The messages that the broker gives back from now on.
    func returns() async throws(AMQPError) -> Inbox<ReturnedMessage>

    // MARK: Consuming

    func basicConsume(_ consume: BasicConsume) async throws(AMQPError) -> FaceConsumer
    func basicCancel(_ consumerTag: String) async throws(AMQPError)
    func basicGet(_ queue: String, autoAck: Bool) async throws(AMQPError) -> Delivery?
    func basicQos(prefetchSize: UInt32, prefetchCount: UInt16, global: Bool) async throws(AMQPError)
    func basicAck(_ deliveryTag: UInt64, multiple: Bool) async throws(AMQPError)
    func basicNack(_ deliveryTag: UInt64, multiple: Bool, requeue: Bool) async throws(AMQPError)
    func basicReject(_ deliveryTag: UInt64, requeue: Bool) async throws(AMQPError)
    func basicRecover(requeue: Bool) async throws(AMQPError)
    /// The tags of the consumers that the broker cancels from now on.
    func cancels() async throws(AMQPError) -> Inbox<String>

    // MARK: The channel itself

    func flow(active: Bool) async throws(AMQPError) -> Bool
    /// - Returns: the ticket.
    func accessRequest(_ realm: String) async throws(AMQPError) -> UInt16
    /// Waits for the channel's end, and tells why it came.
    func closed() async throws(AMQPError) -> AMQPError
    /// Closes the channel and waits for that.
    func close(replyCode: UInt16, replyText: String) async throws(AMQPError)
}

/// A consumer of a face's, and its deliveries.
///
/// They end without an error when the program itself has cancelled the consumer or closed its channel or connection, and
/// with the reason otherwise.
public struct FaceConsumer: Sendable {
    let tag: String
    let deliveries: Inbox<Delivery>
}

/// A message to be published.
public struct FaceMessage: Sendable {
    var body: [UInt8]
    var exchange: String
    var routingKey: String
    var properties: MessageProperties
    var isMandatory: Bool

    init(
        _ body: some Sequence<UInt8>, exchange: String = "", routingKey: String,
        properties: MessageProperties = MessageProperties(), isMandatory: Bool = false
    ) {
        self.body = Array(body)
        self.exchange = exchange
        self.routingKey = routingKey
        self.properties = properties
        self.isMandatory = isMandatory
    }

    init(
        _ text: String, exchange: String = "", routingKey: String,
        properties: MessageProperties = MessageProperties(), isMandatory: Bool = false
    ) {
        self.init(
            text.utf8, exchange: exchange, routingKey: routingKey, properties: properties, isMandatory: isMandatory)
    }
}
