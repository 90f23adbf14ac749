import AMQPConnection
import AMQPProtocol

/// A ``Channel`` on the loop's thread.
final class CallbackChannel: FaceChannel {
    let number: UInt16
    private let bound: LoopBound<Channel>
    private let ending = Ending()
    private let consumers = Guarded<[String: Inbox<Delivery>]>([:])

    /// Call it on the loop's thread.
    init(_ channel: Channel) {
        number = channel.number
        bound = LoopBound(channel)
        channel.onClose { [ending] _, error in ending.set(error) }
    }

    // MARK: Exchanges and queues

    func exchangeDeclare(_ exchange: ExchangeDeclare) async throws(AMQPError) {
        _ = try await bound.reply {
            $0.exchangeDeclare(
                exchange.exchange, type: ExchangeType(rawValue: exchange.type), passive: exchange.passive,
                durable: exchange.durable, autoDelete: exchange.autoDelete, internal: exchange.internal,
                arguments: exchange.arguments, completion: $1)
        }
    }

    func exchangeDelete(_ exchange: String, ifUnused: Bool) async throws(AMQPError) {
        _ = try await bound.reply { $0.exchangeDelete(exchange, ifUnused: ifUnused, completion: $1) }
    }

    func exchangeBind(destination: String, source: String, routingKey: String) async throws(AMQPError) {
        _ = try await bound.reply {
            $0.exchangeBind(destination: destination, source: source, routingKey: routingKey, completion: $1)
        }
    }

    func exchangeUnbind(destination: String, source: String, routingKey: String) async throws(AMQPError) {
        _ = try await bound.reply {
            $0.exchangeUnbind(destination: destination, source: source, routingKey: routingKey, completion: $1)
        }
    }

    func queueDeclare(_ queue: QueueDeclare) async throws(AMQPError) -> QueueDeclareOK {
        try await bound.reply {
            $0.queueDeclare(
                queue.queue, passive: queue.passive, durable: queue.durable, exclusive: queue.exclusive,
                autoDelete: queue.autoDelete, arguments: queue.arguments, completion: $1)
        }
    }

    func queueBind(
        _ queue: String, exchange: String, routingKey: String?, arguments: FieldTable
    ) async throws(AMQPError) {
        _ = try await bound.reply {
            $0.queueBind(queue, exchange: exchange, routingKey: routingKey, arguments: arguments, completion: $1)
        }
    }

    func queueUnbind(
        _ queue: String, exchange: String, routingKey: String?, arguments: FieldTable
    ) async throws(AMQPError) {
        _ = try await bound.reply {
            $0.queueUnbind(queue, exchange: exchange, routingKey: routingKey, arguments: arguments, completion: $1)
        }
    }

    func queuePurge(_ queue: String) async throws(AMQPError) -> UInt32 {
        try await bound.reply { $0.queuePurge(queue, completion: $1) }.messageCount
    }

    func queueDelete(_ queue: String, ifUnused: Bool, ifEmpty: Bool) async throws(AMQPError) -> UInt32 {
        try await bound.reply { $0.queueDelete(queue, ifUnused: ifUnused, ifEmpty: ifEmpty, completion: $1) }
            .messageCount
    }

    // MARK: Publishing

    func publish(_ message: FaceMessage) async throws(AMQPError) {
        _ = try await bound.run { channel throws(AMQPError) in
            try channel.basicPublish(
                message.body, exchange: message.exchange, routingKey: message.routingKey,
                properties: message.properties, mandatory: message.isMandatory)
        }
    }

    func publishConfirmed(_ messages: [FaceMessage]) async throws(AMQPError) -> [PublishOutcome] {
        try await bound.reply { channel, completion in
            var outcomes = [PublishOutcome?](repeating: nil, count: messages.count)
            var left = messages.count
            for (index, message) in messages.enumerated() {
                do throws(AMQPError) {
                    try channel.basicPublish(
                        message.body, exchange: message.exchange, routingKey: message.routingKey,
                        properties: message.properties, mandatory: message.isMandatory
                    ) { outcome in
                        outcomes[index] = outcome
                        left -= 1
                        if left == 0 { completion(.success(outcomes.compactMap { $0 })) }
                    }
                } catch {
                    // What was published before has its outcomes, which nobody waits for.
                    left = -1
                    return completion(.failure(error))
                }
            }
        }
    }

    func confirmSelect() async throws(AMQPError) { _ = try await bound.reply { $0.confirmSelect(completion: $1) } }

    func txSelect() async throws(AMQPError) { _ = try await bound.reply { $0.txSelect(completion: $1) } }

    func txCommit() async throws(AMQPError) { _ = try await bound.reply { $0.txCommit(completion: $1) } }

    func txRollback() async throws(AMQPError) { _ = try await bound.reply { $0.txRollback(completion: $1) } }

    func returns() async throws(AMQPError) -> Inbox<ReturnedMessage> {
        try await bound.run { channel in
            let inbox = Inbox<ReturnedMessage>()
            channel.onReturn { _, message in inbox.put(message) }
            return inbox
        }
    }

    // MARK: Consuming

    func basicConsume(_ consume: BasicConsume) async throws(AMQPError) -> FaceConsumer {
        let inbox = Inbox<Delivery>()
        let started = try await bound.reply { channel, completion in
            channel.basicConsume(
                consume.queue, consumerTag: consume.consumerTag.isEmpty ? nil : consume.consumerTag,
                autoAck: consume.noAck, exclusive: consume.exclusive, arguments: consume.arguments,
                onCancel: { _, error in inbox.end(error.unlessOwnDoing) },
                onMessage: { _, delivery in inbox.put(delivery) }, completion: completion)
        }
        consumers.withLock { $0[started.consumerTag] = inbox }
        return FaceConsumer(tag: started.consumerTag, deliveries: inbox)
    }

    func basicCancel(_ consumerTag: String) async throws(AMQPError) {
        _ = try await bound.reply { $0.basicCancel(consumerTag, completion: $1) }
        consumers.withLock { $0.removeValue(forKey: consumerTag) }?.end(nil)
    }

    func basicGet(_ queue: String, autoAck: Bool) async throws(AMQPError) -> Delivery? {
        try await bound.reply { $0.basicGet(queue, autoAck: autoAck, completion: $1) }
    }

    func basicQos(prefetchSize: UInt32, prefetchCount: UInt16, global: Bool) async throws(AMQPError) {
        _ = try await bound.reply {
            $0.basicQos(prefetchSize: prefetchSize, prefetchCount: prefetchCount, global: global, completion: $1)
        }
    }

    func basicAck(_ deliveryTag: UInt64, multiple: Bool) async throws(AMQPError) {
        try await bound.run { $0.basicAck(deliveryTag, multiple: multiple) }
    }

    func basicNack(_ deliveryTag: UInt64, multiple: Bool, requeue: Bool) async throws(AMQPError) {
        try await bound.run { $0.basicNack(deliveryTag, multiple: multiple, requeue: requeue) }
    }

    func basicReject(_ deliveryTag: UInt64, requeue: Bool) async throws(AMQPError) {
        try await bound.run { $0.basicReject(deliveryTag, requeue: requeue) }
    }

    func basicRecover(requeue: Bool) async throws(AMQPError) {
        _ = try await bound.reply { $0.basicRecover(requeue: requeue, completion: $1) }
    }

    func cancels() async throws(AMQPError) -> Inbox<String> {
        try await bound.run { channel in
            let inbox = Inbox<String>()
            channel.onCancel { _, tag in inbox.put(tag) }
            return inbox
        }
    }

    // MARK: The channel itself

    func flow(active: Bool) async throws(AMQPError) -> Bool {
        try await bound.reply { $0.flow(active: active, completion: $1) }.active
    }

    func accessRequest(_ realm: String) async throws(AMQPError) -> UInt16 {
        try await bound.reply { $0.accessRequest(realm, completion: $1) }.ticket
    }

    func closed() async throws(AMQPError) -> AMQPError { await ending.wait() }

    func close(replyCode: UInt16, replyText: String) async throws(AMQPError) {
        try await bound.reply { $0.close(replyCode: replyCode, replyText: replyText, completion: $1) }
    }
}
