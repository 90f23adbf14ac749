import AMQPBlocking
import AMQPConnection
import AMQPProtocol

/// A ``BlockingChannel`` on its connection's thread.
final class BlockingFaceChannel: FaceChannel {
    let number: UInt16
    private let connection: BlockingFaceConnection
    private let id: Int
    private let ending: Ending

    init(_ connection: BlockingFaceConnection, _ id: Int, _ number: UInt16, _ ending: Ending) {
        self.connection = connection
        self.id = id
        self.number = number
        self.ending = ending
    }

    private func run<Reply: Sendable>(
        _ call: @escaping @Sendable (BlockingChannel) throws(AMQPError) -> Reply
    ) async throws(AMQPError) -> Reply {
        try await connection.thread.run { [id] seat throws(AMQPError) in try call(try seat.channel(id).channel) }
    }

    // MARK: Exchanges and queues

    func exchangeDeclare(_ exchange: ExchangeDeclare) async throws(AMQPError) {
        _ = try await run { channel throws(AMQPError) in
            try channel.exchangeDeclare(
                exchange.exchange, type: ExchangeType(rawValue: exchange.type), passive: exchange.passive,
                durable: exchange.durable, autoDelete: exchange.autoDelete, internal: exchange.internal,
                arguments: exchange.arguments)
        }
    }

    func exchangeDelete(_ exchange: String, ifUnused: Bool) async throws(AMQPError) {
        _ = try await run { channel throws(AMQPError) in try channel.exchangeDelete(exchange, ifUnused: ifUnused) }
    }

    func exchangeBind(destination: String, source: String, routingKey: String) async throws(AMQPError) {
        _ = try await run { channel throws(AMQPError) in
            try channel.exchangeBind(destination: destination, source: source, routingKey: routingKey)
        }
    }

    func exchangeUnbind(destination: String, source: String, routingKey: String) async throws(AMQPError) {
        _ = try await run { channel throws(AMQPError) in
            try channel.exchangeUnbind(destination: destination, source: source, routingKey: routingKey)
        }
    }

    func queueDeclare(_ queue: QueueDeclare) async throws(AMQPError) -> QueueDeclareOK {
        try await run { channel throws(AMQPError) in
            try channel.queueDeclare(
                queue.queue, passive: queue.passive, durable: queue.durable, exclusive: queue.exclusive,
                autoDelete: queue.autoDelete, arguments: queue.arguments)
        }
    }

    func queueBind(
        _ queue: String, exchange: String, routingKey: String?, arguments: FieldTable
    ) async throws(AMQPError) {
        _ = try await run { channel throws(AMQPError) in
            try channel.queueBind(queue, exchange: exchange, routingKey: routingKey, arguments: arguments)
        }
    }

    func queueUnbind(
        _ queue: String, exchange: String, routingKey: String?, arguments: FieldTable
    ) async throws(AMQPError) {
        _ = try await run { channel throws(AMQPError) in
            try channel.queueUnbind(queue, exchange: exchange, routingKey: routingKey, arguments: arguments)
        }
    }

    func queuePurge(_ queue: String) async throws(AMQPError) -> UInt32 {
        try await run { channel throws(AMQPError) in try channel.queuePurge(queue).messageCount }
    }

    func queueDelete(_ queue: String, ifUnused: Bool, ifEmpty: Bool) async throws(AMQPError) -> UInt32 {
        try await run { channel throws(AMQPError) in
            try channel.queueDelete(queue, ifUnused: ifUnused, ifEmpty: ifEmpty).messageCount
        }
    }

    // MARK: Publishing

    func publish(_ message: FaceMessage) async throws(AMQPError) {
        try await run { channel throws(AMQPError) in
            try channel.basicPublish(
                message.body, exchange: message.exchange, routingKey: message.routingKey,
                properties: message.properties, mandatory: message.isMandatory)
        }
    }

    func publishConfirmed(_ messages: [FaceMessage]) async throws(AMQPError) -> [PublishOutcome] {
        try await run { channel throws(AMQPError) in
            try messages.map { message throws(AMQPError) in
                do throws(AMQPError) {
                    try channel.basicPublish(
                        message.body, exchange: message.exchange, routingKey: message.routingKey,
                        properties: message.properties, mandatory: message.isMandatory)
                    return .confirmed
                } catch {
                    if error.code == .messageNacked { return .nacked }
                    if let returned = error.returnedMessages.first { return .returned(returned) }
                    return try error.asOutcome()
                }
            }
        }
    }

    func confirmSelect() async throws(AMQPError) {
        _ = try await run { channel throws(AMQPError) in try channel.confirmSelect() }
    }

    func txSelect() async throws(AMQPError) {
        _ = try await run { channel throws(AMQPError) in try channel.txSelect() }
    }

    func txCommit() async throws(AMQPError) {
        _ = try await run { channel throws(AMQPError) in try channel.txCommit() }
    }

    func txRollback() async throws(AMQPError) {
        _ = try await run { channel throws(AMQPError) in try channel.txRollback() }
    }

    func returns() async throws(AMQPError) -> Inbox<ReturnedMessage> {
        try await run { channel in
            let inbox = Inbox<ReturnedMessage>()
            channel.onReturn { _, message in inbox.put(message) }
            return inbox
        }
    }

    // MARK: Consuming

    func basicConsume(_ consume: BasicConsume) async throws(AMQPError) -> FaceConsumer {
        try await connection.thread.run { [id] seat throws(AMQPError) in
            let channel = try seat.channel(id)
            let inbox = Inbox<Delivery>()
            let tag = try channel.channel.basicConsume(
                consume.queue, consumerTag: consume.consumerTag.isEmpty ? nil : consume.consumerTag,
                autoAck: consume.noAck, exclusive: consume.exclusive, arguments: consume.arguments
            ) { _, delivery in inbox.put(delivery) }
            channel.consumers[tag] = inbox
            return FaceConsumer(tag: tag, deliveries: inbox)
        }
    }

    func basicCancel(_ consumerTag: String) async throws(AMQPError) {
        try await connection.thread.run { [id] seat throws(AMQPError) in
            let channel = try seat.channel(id)
            try channel.channel.basicCancel(consumerTag)
            channel.consumers.removeValue(forKey: consumerTag)?.end(nil)
        }
    }

    func basicGet(_ queue: String, autoAck: Bool) async throws(AMQPError) -> Delivery? {
        try await run { channel throws(AMQPError) in try channel.basicGet(queue, autoAck: autoAck) }
    }

    func basicQos(prefetchSize: UInt32, prefetchCount: UInt16, global: Bool) async throws(AMQPError) {
        _ = try await run { channel throws(AMQPError) in
            try channel.basicQos(prefetchSize: prefetchSize, prefetchCount: prefetchCount, global: global)
        }
    }

    func basicAck(_ deliveryTag: UInt64, multiple: Bool) async throws(AMQPError) {
        try await run { channel throws(AMQPError) in try channel.basicAck(deliveryTag, multiple: multiple) }
    }

    func basicNack(_ deliveryTag: UInt64, multiple: Bool, requeue: Bool) async throws(AMQPError) {
        try await run { channel throws(AMQPError) in
            try channel.basicNack(deliveryTag, multiple: multiple, requeue: requeue)
        }
    }

    func basicReject(_ deliveryTag: UInt64, requeue: Bool) async throws(AMQPError) {
        try await run { channel throws(AMQPError) in try channel.basicReject(deliveryTag, requeue: requeue) }
    }

    func basicRecover(requeue: Bool) async throws(AMQPError) {
        _ = try await run { channel throws(AMQPError) in try channel.basicRecover(requeue: requeue) }
    }

    func cancels() async throws(AMQPError) -> Inbox<String> {
        try await connection.thread.run { [id] seat throws(AMQPError) in try seat.channel(id).cancels }
    }

    // MARK: The channel itself

    func flow(active: Bool) async throws(AMQPError) -> Bool {
        try await run { channel throws(AMQPError) in try channel.flow(active: active) }
    }

    func accessRequest(_ realm: String) async throws(AMQPError) -> UInt16 {
        try await run { channel throws(AMQPError) in try channel.accessRequest(realm) }
    }

    func closed() async throws(AMQPError) -> AMQPError { await ending.wait() }

    func close(replyCode: UInt16, replyText: String) async throws(AMQPError) {
        try await run { channel throws(AMQPError) in try channel.close(replyCode: replyCode, replyText: replyText) }
    }
}
