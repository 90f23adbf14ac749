import AMQPProtocol

/// What the library tells the broker about itself in `connection.start-ok`.
enum ClientProperties {
    static let product = "Ochotona"
    static let version = "0.1.0"

    /// The library's properties, with the connection's name and the user's entries, which replace ours.
    static func table(for parameters: ConnectionParameters) -> FieldTable {
        var table: FieldTable = [
            "product": .text(product),
            "version": .text(version),
            "platform": "Swift",
            "information": "AMQP 0-9-1 for any event loop",
            "capabilities": .table([
                "authentication_failure_close": true,
                "basic.nack": true,
                "connection.blocked": true,
                "consumer_cancel_notify": true,
                "exchange_exchange_bindings": true,
                "publisher_confirms": true,
            ]),
        ]
        if let name = parameters.connectionName { table["connection_name"] = .text(name) }
        for (key, value) in parameters.clientProperties { table[key] = value }
        return table
    }
}
