/// The properties that travel with a message (specification 1.8.1, class basic); each may be absent.
///
/// Texts are short strings: at most 255 bytes of UTF-8 each.
public struct MessageProperties: Sendable, Hashable {
    /// The media type of the body, for example `application/json`.
    public var contentType: String?
    /// The encoding of the body, for example `gzip`.
    public var contentEncoding: String?
    /// Application headers; a headers exchange routes by them.
    public var headers: FieldTable?
    /// Whether the message survives a restart of the broker.
    public var deliveryMode: DeliveryMode?
    /// The priority, which a queue with `x-max-priority` looks at; higher comes first.
    public var priority: UInt8?
    /// What ties a reply to its request.
    public var correlationID: String?
    /// The queue that replies should go to.
    public var replyTo: String?
    /// How long the message may wait in a queue: milliseconds, as decimal digits.
    public var expiration: String?
    /// The application's name for the message.
    public var messageID: String?
    /// When the message was made: seconds since 1970-01-01 00:00 UTC.
    public var timestamp: UInt64?
    /// The application's name for the kind of message.
    public var type: String?
    /// The user that publishes; the broker refuses a name that is not the connection's.
    public var userID: String?
    /// The application that publishes.
    public var appID: String?
    /// Reserved by the specification; brokers pass it on.
    public var clusterID: String?

    /// Properties, each absent unless it is given.
    public init(
        contentType: String? = nil, contentEncoding: String? = nil, headers: FieldTable? = nil,
        deliveryMode: DeliveryMode? = nil, priority: UInt8? = nil, correlationID: String? = nil, replyTo: String? = nil,
        expiration: String? = nil, messageID: String? = nil, timestamp: UInt64? = nil, type: String? = nil,
        userID: String? = nil, appID: String? = nil, clusterID: String? = nil
    ) {
        self.contentType = contentType
        self.contentEncoding = contentEncoding
        self.headers = headers
        self.deliveryMode = deliveryMode
        self.priority = priority
        self.correlationID = correlationID
        self.replyTo = replyTo
        self.expiration = expiration
        self.messageID = messageID
        self.timestamp = timestamp
        self.type = type
        self.userID = userID
        self.appID = appID
        self.clusterID = clusterID
    }

    /// The properties of a message that is not to be lost when the broker restarts.
    public static let persistent = MessageProperties(deliveryMode: .persistent)
}

extension MessageProperties: CustomStringConvertible {
    /// The properties that are present, by their names in the specification, cut at about 1,000 bytes.
    public var description: String {
        var text = BoundedText()
        func add(_ name: String, _ show: (inout BoundedText) -> Void) {
            text.add(text.text.isEmpty ? "\(name): " : ", \(name): ")
            show(&text)
        }
        let texts: [(String, String?)] = [
            ("content-type", contentType), ("content-encoding", contentEncoding), ("correlation-id", correlationID),
            ("reply-to", replyTo), ("expiration", expiration), ("message-id", messageID), ("type", type),
            ("user-id", userID), ("app-id", appID), ("cluster-id", clusterID),
        ]
        for (name, value) in texts {
            if let value { add(name) { $0.addQuoted(value) } }
        }
        if let deliveryMode { add("delivery-mode") { $0.add(deliveryMode.description) } }
        if let priority { add("priority") { $0.add(String(priority)) } }
        if let timestamp { add("timestamp") { $0.add(String(timestamp)) } }
        if let headers { add("headers") { headers.describe(to: &$0, depth: 0) } }
        return text.text
    }
}
