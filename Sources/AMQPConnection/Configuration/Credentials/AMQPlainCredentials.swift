public import AMQPProtocol

/// A user name and a password, sent by the mechanism AMQPLAIN, which RabbitMQ has from AMQP 0-8: a field table.
public struct AMQPlainCredentials: Credentials, Hashable {
    /// The user name; control characters are not allowed.
    public var username: String
    /// The password; it never shows in a description. Control characters are not allowed.
    public var password: String

    /// Credentials of a user.
    public init(username: String = "guest", password: String = "guest") {
        self.username = username
        self.password = password
    }

    /// `AMQPLAIN`.
    public var mechanism: String { "AMQPLAIN" }

    /// Refuses control characters, as ``PlainCredentials`` do.
    public func validate() throws(AMQPError) {
        try validateNameAndPassword()
    }

    /// The entries `LOGIN` and `PASSWORD` of a field table, without the table's length.
    public func initialResponse() throws(AMQPError) -> ByteSlice {
        try validate()
        let table: FieldTable = ["LOGIN": .text(username), "PASSWORD": .text(password)]
        let size: Int
        do {
            size = try table.encodedSize(field: "response")
        } catch {
            throw AMQPError(error, method: .connectionStartOK)
        }
        // SAFETY: the buffer has the size that the table said it needs, and the writer checks each write against it.
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            var writer = WireWriter(UnsafeMutableRawBufferPointer(buffer))
            table.encode(into: &writer)
            count = writer.count
        }
        return ByteSlice(bytes.dropFirst(4))
    }
}

extension AMQPlainCredentials: UserNameCredentials {}

extension AMQPlainCredentials: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    /// The mechanism and the user name.
    public var description: String { "AMQPLAIN, user \(username)" }
    /// The mechanism and the user name.
    public var debugDescription: String { description }
    /// Shows the user name only.
    public var customMirror: Mirror { Mirror(self, children: ["username": username]) }
}
