import AMQPConnection
import Foundation

/// A message of the corpus that both sides exchange.
struct CorpusMessage: Sendable {
    /// What it shows.
    let about: String
    let properties: MessageProperties
    let bodySize: Int
    /// The line that it was read from; equal messages have equal lines.
    let line: String

    init(line: Substring) throws {
        let json = try JSONDecoder().decode(JSONValue.self, from: Data(line.utf8))
        guard let about = json["about"]?.text, let size = json["body"]?["size"]?.integer(Int.self),
            let properties = json["properties"]
        else { throw MalformedCorpus(description: "not a message: \(line.prefix(200))") }
        self.about = about
        self.bodySize = size
        self.line = String(line)
        var values = MessageProperties()
        values.contentType = properties["content_type"]?.text
        values.contentEncoding = properties["content_encoding"]?.text
        values.headers = try properties["headers"].map { try FieldTable($0) }
        values.deliveryMode = properties["delivery_mode"]?.integer().map { DeliveryMode(rawValue: $0) }
        values.priority = properties["priority"]?.integer()
        values.correlationID = properties["correlation_id"]?.text
        values.replyTo = properties["reply_to"]?.text
        values.expiration = properties["expiration"]?.text
        values.messageID = properties["message_id"]?.text
        values.timestamp = properties["timestamp"]?.integer()
        values.type = properties["type"]?.text
        values.userID = properties["user_id"]?.text
        values.appID = properties["app_id"]?.text
        values.clusterID = properties["cluster_id"]?.text
        self.properties = values
    }

    /// The body: "0000000 0000008 0000016 …", cut to the size.
    var body: [UInt8] { CorpusMessage.body(bodySize) }

    static func body(_ size: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size + 8)
        for at in stride(from: 0, to: size, by: 8) {
            let digits = String(at)
            bytes += repeatElement(UInt8(ascii: "0"), count: 7 - digits.utf8.count)
            bytes += digits.utf8
            bytes.append(UInt8(ascii: " "))
        }
        return Array(bytes.prefix(size))
    }

    /// How a delivery differs from this message; `nil` if it does not.
    func difference(from delivery: Delivery) -> String? {
        do {
            let came = try delivery.properties
            guard came == properties else { return "\(about): \(properties) came as \(came)" }
        } catch {
            return "\(about): \(error)"
        }
        guard delivery.body.elementsEqual(body) else {
            return "\(about): another body, of \(delivery.body.count) bytes instead of \(bodySize)"
        }
        return nil
    }
}
