import AMQPConnection
import AMQPProtocol

/// The calls in the forms that scenarios use.
extension FaceChannel {
    func exchangeDeclare(
        _ exchange: String, type: ExchangeType = .direct, passive: Bool = false, durable: Bool = false,
        autoDelete: Bool = false, internal: Bool = false, arguments: FieldTable = [:]
    ) async throws(AMQPError) {
        try await exchangeDeclare(
            ExchangeDeclare(
                exchange: exchange, type: type.rawValue, passive: passive, durable: durable, autoDelete: autoDelete,
                internal: `internal`, arguments: arguments))
    }

    func exchangeDelete(_ exchange: String) async throws(AMQPError) {
        try await exchangeDelete(exchange, ifUnused: false)
    }

    @discardableResult
    func queueDeclare(
        _ queue: String = "", passive: Bool = false, durable: Bool = false, exclusive: Bool = false,
        autoDelete: Bool = false, arguments: FieldTable = [:]
    ) async throws(AMQPError) -> QueueDeclareOK {
        try await queueDeclare(
            QueueDeclare(
                queue: queue, passive: passive, durable: durable, exclusive: exclusive, autoDelete: autoDelete,
                arguments: arguments))
    }

    func queueBind(_ queue: String, exchange: String, routingKey: String? = nil) async throws(AMQPError) {
        try await queueBind(queue, exchange: exchange, routingKey: routingKey, arguments: [:])
    }

    @discardableResult
    func queueDelete(_ queue: String) async throws(AMQPError) -> UInt32 {
        try await queueDelete(queue, ifUnused: false, ifEmpty: false)
    }

    func publish(_ text: String, to routingKey: String, exchange: String = "") async throws(AMQPError) {
        try await publish(FaceMessage(text, exchange: exchange, routingKey: routingKey))
    }

    func publishConfirmed(_ message: FaceMessage) async throws(AMQPError) -> PublishOutcome {
        let outcomes = try await publishConfirmed([message])
        guard let outcome = outcomes.first, outcomes.count == 1 else {
            throw AMQPError(.protocolViolation, blame: .application, "\(outcomes.count) outcomes of one publish")
        }
        return outcome
    }

    func basicConsume(
        _ queue: String, consumerTag: String = "", autoAck: Bool = false, exclusive: Bool = false,
        arguments: FieldTable = [:]
    ) async throws(AMQPError) -> FaceConsumer {
        try await basicConsume(
            BasicConsume(
                queue: queue, consumerTag: consumerTag, noAck: autoAck, exclusive: exclusive, arguments: arguments))
    }

    func basicGet(_ queue: String) async throws(AMQPError) -> Delivery? {
        try await basicGet(queue, autoAck: true)
    }

    func basicQos(prefetchCount: UInt16) async throws(AMQPError) {
        try await basicQos(prefetchSize: 0, prefetchCount: prefetchCount, global: false)
    }

    func basicAck(_ deliveryTag: UInt64) async throws(AMQPError) {
        try await basicAck(deliveryTag, multiple: false)
    }

    func close() async throws(AMQPError) {
        try await close(replyCode: 200, replyText: "Normal shutdown")
    }
}
