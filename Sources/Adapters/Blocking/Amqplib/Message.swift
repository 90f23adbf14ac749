public import AMQPConnection

/// A message as amqplib has it: a body that may be text, and properties, which can be used as if they were its own.
///
///     var message = Message("Grüße", properties: MessageProperties(headers: ["count": 3]))
///     message.deliveryMode = .persistent
///     try channel.basicPublish(message, exchange: "amq.fanout")
///
/// Two messages are equal if their bodies and properties are; where they were delivered does not matter.
@dynamicMemberLookup
public struct Message: Sendable {
    /// A message's content.
    public enum Body: Sendable, Hashable {
        /// Text; it is encoded as the content encoding says when it is sent, as UTF-8 if there is none.
        case text(String)
        /// Bytes, which are sent as they are.
        case bytes(ByteSlice)
    }

    /// The content.
    public var body: Body
    /// The properties; `contentEncoding` says how text is encoded.
    public var properties: MessageProperties
    /// Where it was delivered; `nil` for one that was not received.
    public internal(set) var deliveryInfo: DeliveryInfo?

    /// A message of text.
    public init(_ text: String, properties: MessageProperties = MessageProperties()) {
        self.body = .text(text)
        self.properties = properties
    }

    /// A message of bytes.
    public init(_ bytes: ByteSlice, properties: MessageProperties = MessageProperties()) {
        self.body = .bytes(bytes)
        self.properties = properties
    }

    /// A property, for example `contentType`.
    public subscript<Value>(dynamicMember property: WritableKeyPath<MessageProperties, Value>) -> Value {
        get { properties[keyPath: property] }
        set { properties[keyPath: property] = newValue }
    }

    /// The content as text; `nil` if it is bytes.
    public var text: String? {
        if case .text(let text) = body { text } else { nil }
    }

    /// The bytes to send, and the properties to send them with: the content encoding is set if the body is text.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/invalidArgument`` if the content encoding is not known, or
    ///   cannot express the text.
    func encoded() throws(AMQPError) -> (bytes: ByteSlice, properties: MessageProperties) {
        switch body {
        case .bytes(let bytes): return (bytes, properties)
        case .text(let text):
            var properties = properties
            let name = properties.contentEncoding ?? "UTF-8"
            properties.contentEncoding = name
            guard let bytes = TextEncoding(name)?.encode(text) else {
                throw AMQPError(
                    .invalidArgument, blame: .application, "the text cannot be encoded as \"\(name)\"",
                    method: .basicPublish)
            }
            return (bytes, properties)
        }
    }
}

extension Message {
    /// The message of a delivery: its body is text if the content encoding is known and fits, else it stays bytes.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/protocolViolation`` if the properties are malformed.
    init(_ delivery: Delivery, on channel: UInt16, isDecoded: Bool) throws(AMQPError) {
        let properties = try delivery.properties
        self.init(delivery.body, properties: properties)
        if isDecoded, let text = properties.contentEncoding.flatMap(TextEncoding.init)?.decode(delivery.body) {
            body = .text(text)
        }
        deliveryInfo = DeliveryInfo(delivery, channel)
    }
}

extension Message: Hashable {
    public static func == (left: Message, right: Message) -> Bool {
        left.body == right.body && left.properties == right.properties
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(body)
        hasher.combine(properties)
    }
}

extension Message: CustomStringConvertible {
    /// The size of the body and the properties; never the whole body.
    public var description: String {
        let size =
            switch body {
            case .text(let text): "text of \(text.utf8.count) bytes"
            case .bytes(let bytes): "\(bytes.count) bytes"
            }
        return "message, \(size), \(properties)"
    }
}
