import AMQPProtocol

/// Tells mandatory publishes apart, so that a message that comes back finds its own.
struct PublishFingerprint: Equatable {
    /// Equal for messages that are equal in everything.
    let whole: Int
    /// Equal for messages that are equal in all but their properties, which a broker may change.
    let loose: Int

    init(whole: Int, loose: Int) {
        self.whole = whole
        self.loose = loose
    }

    /// That of publishes that never come back.
    static let none = PublishFingerprint(whole: 0, loose: 0)

    /// - Parameter properties: the message's properties; `nil` if they cannot be read.
    init(
        exchange: String, routingKey: String, properties: MessageProperties?, body: UnsafeRawBufferPointer
    ) {
        var hasher = Hasher()
        hasher.combine(exchange)
        hasher.combine(routingKey)
        hasher.combine(bytes: body)
        let loose = hasher
        hasher.combine(properties.map(PublishFingerprint.asReturned))
        let (whole, other) = (hasher.finalize(), loose.finalize())
        // 0 is for publishes that never come back.
        self.init(whole: whole == 0 ? 1 : whole, loose: other == 0 ? 1 : other)
    }

    /// That of a publish; one that is not mandatory never comes back.
    ///
    /// It is no initialiser, which would take copies of method and properties.
    @inline(__always)
    static func of(
        _ method: borrowing BasicPublish, _ properties: borrowing MessageProperties, _ body: UnsafeRawBufferPointer
    ) -> PublishFingerprint {
        method.mandatory ? ofMandatory(copy method, copy properties, body) : .none
    }

    private static func ofMandatory(
        _ method: BasicPublish, _ properties: MessageProperties, _ body: UnsafeRawBufferPointer
    ) -> PublishFingerprint {
        PublishFingerprint(
            exchange: method.exchange, routingKey: method.routingKey, properties: properties, body: body)
    }

    /// The properties as RabbitMQ gives them back: without the header `BCC`, which it routes by and takes out.
    private static func asReturned(_ properties: MessageProperties) -> MessageProperties {
        guard let headers = properties.headers, headers["BCC"] != nil else { return properties }
        var properties = properties
        properties.headers = FieldTable(headers.lazy.filter { $0.key != "BCC" }.map { ($0.key, $0.value) })
        return properties
    }

    init(_ message: ReturnedMessage) {
        self = message.body.withUnsafeBytes { body in
            PublishFingerprint(
                exchange: message.exchange, routingKey: message.routingKey, properties: try? message.properties,
                body: body)
        }
    }
}
