import AMQPAsync
import AMQPConnection
import AMQPProtocol

/// An ``AsyncChannel``.
struct AsyncFaceChannel: FaceChannel {
    let channel: AsyncChannel

    init(_ channel: AsyncChannel) {
        self.channel = channel
    }

    var number: UInt16 { channel.number }

    // MARK: Exchanges and queues

    func exchangeDeclare(_ exchange: ExchangeDeclare) async throws(AMQPError) {
        try await channel.exchangeDeclare(
            exchange.exchange, type: ExchangeType(rawValue: exchange.type), passive: exchange.passive,
            durable: exchange.durable, autoDelete: exchange.autoDelete, internal: exchange.internal,
            arguments: exchange.arguments)
    }

    func exchangeDelete(_ exchange: String, ifUnused: Bool) async throws(AMQPError) {
        try await channel.exchangeDelete(exchange, ifUnused: ifUnused)
    }

    func exchangeBind(destination: String, source: String, routingKey: String) async throws(AMQPError) {
        try await channel.exchangeBind(destination: destination, source: source, routingKey: routingKey)
    }

    func exchangeUnbind(destination: String, source: String, routingKey: String) async throws(AMQPError) {
        try await channel.exchangeUnbind(destination: destination, source: source, routingKey: routingKey)
    }

    func queueDeclare(_ queue: QueueDeclare) async throws(AMQPError) -> QueueDeclareOK {
        try await channel.queueDeclare(
            queue.queue, passive: queue.passive, durable: queue.durable, exclusive: queue.exclusive,
            autoDelete: queue.autoDelete, arguments: queue.arguments)
    }

    func queueBind(
        _ queue: String, exchange: String, routingKey: String?, arguments: FieldTable
    ) async throws(AMQPError) {
        try await channel.queueBind(queue, exchange: exchange, routingKey: routingKey, arguments: arguments)
    }

    func queueUnbind(
        _ queue: String, exchange: String, routingKey: String?, arguments: FieldTable
    ) async throws(AMQPError) {
        try await channel.queueUnbind(queue, exchange: exchange, routingKey: routingKey, arguments: arguments)
    }

    func queuePurge(_ queue: String) async throws(AMQPError) -> UInt32 {
        try await channel.queuePurge(queue).messageCount
    }

    func queueDelete(_ queue: String, ifUnused: Bool, ifEmpty: Bool) async throws(AMQPError) -> UInt32 {
        try await channel.queueDelete(queue, ifUnused: ifUnused, ifEmpty: ifEmpty).messageCount
    }

    // MARK: Publishing

    func publish(_ message: FaceMessage) async throws(AMQPError) {
        try await channel.publish(
            message.body, exchange: message.exchange, routingKey: message.routingKey,
            properties: message.properties, mandatory: message.isMandatory)
    }

    func publishConfirmed(_ messages: [FaceMessage]) async throws(AMQPError) -> [PublishOutcome] {
        typealias Numbered = (index: Int, result: Result<PublishOutcome, AMQPError>)
        let results = await withTaskGroup(of: Numbered.self) { group in
            for (index, message) in messages.enumerated() {
                group.addTask { [channel] in
                    do throws(AMQPError) {
                        let outcome = try await channel.publishConfirmed(
                            message.body, exchange: message.exchange, routingKey: message.routingKey,
                            properties: message.properties, mandatory: message.isMandatory)
                        return (index, .success(outcome))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [Numbered]()) { $0.append($1) }
        }
        return try results.sorted { $0.index < $1.index }.map { numbered throws(AMQPError) in
            try numbered.result.get()
        }
    }

    func confirmSelect() async throws(AMQPError) { try await channel.confirmSelect() }

    func txSelect() async throws(AMQPError) { try await channel.txSelect() }

    func txCommit() async throws(AMQPError) { try await channel.txCommit() }

    func txRollback() async throws(AMQPError) { try await channel.txRollback() }

    func returns() async throws(AMQPError) -> Inbox<ReturnedMessage> {
        try await channel.run { channel in
            let inbox = Inbox<ReturnedMessage>()
            channel.onReturn { _, message in inbox.put(message) }
            return inbox
        }
    }

    // MARK: Consuming

    func basicConsume(_ consume: BasicConsume) async throws(AMQPError) -> FaceConsumer {
        let deliveries = try await channel.basicConsume(
            consume.queue, prefetch: nil, consumerTag: consume.consumerTag.isEmpty ? nil : consume.consumerTag,
            autoAck: consume.noAck, exclusive: consume.exclusive, arguments: consume.arguments)
        let inbox = Inbox<Delivery>()
        Task {
            do throws(AMQPError) {
                for try await delivery in deliveries { inbox.put(delivery) }
                inbox.end(nil)
            } catch {
                inbox.end(error)
            }
        }
        return FaceConsumer(tag: deliveries.consumerTag, deliveries: inbox)
    }

    func basicCancel(_ consumerTag: String) async throws(AMQPError) {
        try await channel.basicCancel(consumerTag)
    }

    func basicGet(_ queue: String, autoAck: Bool) async throws(AMQPError) -> Delivery? {
        try await channel.basicGet(queue, autoAck: autoAck)
    }

    func basicQos(prefetchSize: UInt32, prefetchCount: UInt16, global: Bool) async throws(AMQPError) {
        try await channel.basicQos(prefetchSize: prefetchSize, prefetchCount: prefetchCount, global: global)
    }

    func basicAck(_ deliveryTag: UInt64, multiple: Bool) async throws(AMQPError) {
        channel.basicAck(deliveryTag, multiple: multiple)
    }

    func basicNack(_ deliveryTag: UInt64, multiple: Bool, requeue: Bool) async throws(AMQPError) {
        channel.basicNack(deliveryTag, multiple: multiple, requeue: requeue)
    }

    func basicReject(_ deliveryTag: UInt64, requeue: Bool) async throws(AMQPError) {
        channel.basicReject(deliveryTag, requeue: requeue)
    }

    func basicRecover(requeue: Bool) async throws(AMQPError) {
        try await channel.basicRecover(requeue: requeue)
    }

    func cancels() async throws(AMQPError) -> Inbox<String> {
        try await channel.run { channel in
            let inbox = Inbox<String>()
            channel.onCancel { _, tag in inbox.put(tag) }
            return inbox
        }
    }

    // MARK: The channel itself

    func flow(active: Bool) async throws(AMQPError) -> Bool { try await channel.flow(active: active).active }

    func accessRequest(_ realm: String) async throws(AMQPError) -> UInt16 {
        try await channel.accessRequest(realm).ticket
    }

    func closed() async throws(AMQPError) -> AMQPError { try await channel.closed() }

    func close(replyCode: UInt16, replyText: String) async throws(AMQPError) {
        try await channel.close(replyCode: replyCode, replyText: replyText)
    }
}
