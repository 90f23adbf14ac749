#if NIO
import AMQPConnection
import AMQPNIO
import AMQPProtocol
import NIOCore

/// A ``FutureChannel``.
struct NIOFaceChannel: FaceChannel {
    let channel: FutureChannel

    var number: UInt16 { channel.number }

    // MARK: Exchanges and queues

    func exchangeDeclare(_ exchange: ExchangeDeclare) async throws(AMQPError) {
        _ = try await channel.exchangeDeclare(
            exchange.exchange, type: ExchangeType(rawValue: exchange.type), passive: exchange.passive,
            durable: exchange.durable, autoDelete: exchange.autoDelete, internal: exchange.internal,
            arguments: exchange.arguments
        ).reply()
    }

    func exchangeDelete(_ exchange: String, ifUnused: Bool) async throws(AMQPError) {
        _ = try await channel.exchangeDelete(exchange, ifUnused: ifUnused).reply()
    }

    func exchangeBind(destination: String, source: String, routingKey: String) async throws(AMQPError) {
        _ = try await channel.exchangeBind(destination: destination, source: source, routingKey: routingKey).reply()
    }

    func exchangeUnbind(destination: String, source: String, routingKey: String) async throws(AMQPError) {
        _ = try await channel.exchangeUnbind(destination: destination, source: source, routingKey: routingKey)
            .reply()
    }

    func queueDeclare(_ queue: QueueDeclare) async throws(AMQPError) -> QueueDeclareOK {
        try await channel.queueDeclare(
            queue.queue, passive: queue.passive, durable: queue.durable, exclusive: queue.exclusive,
            autoDelete: queue.autoDelete, arguments: queue.arguments
        ).reply()
    }

    func queueBind(
        _ queue: String, exchange: String, routingKey: String?, arguments: FieldTable
    ) async throws(AMQPError) {
        _ = try await channel.queueBind(queue, exchange: exchange, routingKey: routingKey, arguments: arguments)
            .reply()
    }

    func queueUnbind(
        _ queue: String, exchange: String, routingKey: String?, arguments: FieldTable
    ) async throws(AMQPError) {
        _ = try await channel.queueUnbind(queue, exchange: exchange, routingKey: routingKey, arguments: arguments)
            .reply()
    }

    func queuePurge(_ queue: String) async throws(AMQPError) -> UInt32 {
        try await channel.queuePurge(queue).reply().messageCount
    }

    func queueDelete(_ queue: String, ifUnused: Bool, ifEmpty: Bool) async throws(AMQPError) -> UInt32 {
        try await channel.queueDelete(queue, ifUnused: ifUnused, ifEmpty: ifEmpty).reply().messageCount
    }

    // MARK: Publishing

    private func send(_ message: FaceMessage) -> EventLoopFuture<Void> {
        channel.basicPublish(
            message.body, exchange: message.exchange, routingKey: message.routingKey,
            properties: message.properties, mandatory: message.isMandatory)
    }

    func publish(_ message: FaceMessage) async throws(AMQPError) {
        try await send(message).reply()
    }

    func publishConfirmed(_ messages: [FaceMessage]) async throws(AMQPError) -> [PublishOutcome] {
        var outcomes: [PublishOutcome] = []
        for future in messages.map(send) {
            let outcome: Result<PublishOutcome, AMQPError>
            do {
                try await future.get()
                outcome = .success(.confirmed)
            } catch PublishError.nacked {
                outcome = .success(.nacked)
            } catch PublishError.unroutable(let message) {
                outcome = .success(.returned(message))
            } catch let error as AMQPError {
                outcome = Result { () throws(AMQPError) in try error.asOutcome() }
            } catch {
                outcome = .failure(
                    AMQPError(.protocolViolation, blame: .application, "a publish failed with \(error)"))
            }
            outcomes.append(try outcome.get())
        }
        return outcomes
    }

    func confirmSelect() async throws(AMQPError) { _ = try await channel.confirmSelect().reply() }

    func txSelect() async throws(AMQPError) { _ = try await channel.txSelect().reply() }

    func txCommit() async throws(AMQPError) { _ = try await channel.txCommit().reply() }

    func txRollback() async throws(AMQPError) { _ = try await channel.txRollback().reply() }

    func returns() async throws(AMQPError) -> Inbox<ReturnedMessage> {
        let inbox = Inbox<ReturnedMessage>()
        channel.addOnReturnListener { inbox.put($0) }
        return inbox
    }

    // MARK: Consuming

    func basicConsume(_ consume: BasicConsume) async throws(AMQPError) -> FaceConsumer {
        let consumer = try await channel.basicConsume(
            consume.queue, consumerTag: consume.consumerTag.isEmpty ? nil : consume.consumerTag,
            autoAck: consume.noAck, exclusive: consume.exclusive, arguments: consume.arguments
        ).reply()
        let inbox = Inbox<Delivery> { inbox in
            consumer.queue.get().whenComplete { result in
                switch result {
                case .success(let delivery): inbox.put(delivery)
                case .failure(let error as AMQPError): inbox.end(error.unlessOwnCancel)
                case .failure(let error):
                    inbox.end(AMQPError(.protocolViolation, blame: .application, "a queue failed with \(error)"))
                }
            }
        }
        return FaceConsumer(tag: consumer.consumerTag, deliveries: inbox)
    }

    func basicCancel(_ consumerTag: String) async throws(AMQPError) {
        _ = try await channel.basicCancel(consumerTag).reply()
    }

    func basicGet(_ queue: String, autoAck: Bool) async throws(AMQPError) -> Delivery? {
        try await channel.basicGet(queue, autoAck: autoAck).reply()
    }

    func basicQos(prefetchSize: UInt32, prefetchCount: UInt16, global: Bool) async throws(AMQPError) {
        _ = try await channel.basicQos(prefetchSize: prefetchSize, prefetchCount: prefetchCount, global: global)
            .reply()
    }

    func basicAck(_ deliveryTag: UInt64, multiple: Bool) async throws(AMQPError) {
        try await channel.basicAck(deliveryTag, multiple: multiple).reply()
    }

    func basicNack(_ deliveryTag: UInt64, multiple: Bool, requeue: Bool) async throws(AMQPError) {
        try await channel.basicNack(deliveryTag, multiple: multiple, requeue: requeue).reply()
    }

    func basicReject(_ deliveryTag: UInt64, requeue: Bool) async throws(AMQPError) {
        try await channel.basicReject(deliveryTag, requeue: requeue).reply()
    }

    func basicRecover(requeue: Bool) async throws(AMQPError) {
        _ = try await channel.basicRecover(requeue: requeue).reply()
    }

    func cancels() async throws(AMQPError) -> Inbox<String> {
        try await channel.withChannel { channel in
            let inbox = Inbox<String>()
            channel.onCancel { _, tag in inbox.put(tag) }
            return inbox
        }.reply()
    }

    // MARK: The channel itself

    func flow(active: Bool) async throws(AMQPError) -> Bool {
        try await channel.flow(active: active).reply().active
    }

    func accessRequest(_ realm: String) async throws(AMQPError) -> UInt16 {
        try await channel.request { channel, completion in channel.accessRequest(realm, completion: completion) }
            .reply().ticket
    }

    func closed() async throws(AMQPError) -> AMQPError {
        try await channel.closed.reply()
    }

    func close(replyCode: UInt16, replyText: String) async throws(AMQPError) {
        try await channel.close(replyCode: replyCode, replyText: replyText).reply()
    }
}

extension AMQPError {
    /// The error for the end of a queue, or `nil` if the program itself has ended it: cancelled its consumer, deleted what
    /// it consumes, or closed.
    fileprivate var unlessOwnCancel: AMQPError? {
        code == .consumerCancelled && blame == .application ? nil : unlessOwnDoing
    }
}
#endif
