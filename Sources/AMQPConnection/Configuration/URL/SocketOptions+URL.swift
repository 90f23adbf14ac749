import AMQPProtocol

extension SocketOptions {
    /// The options by the names that the sockets' own manual has for them, as in Pika's `tcp_options`.
    init(_ table: FieldTable, part: String) throws(AMQPError) {
        self.init()
        for entry in table.entries {
            switch entry.key {
            case "SO_KEEPALIVE":
                guard let value = entry.value.booleanValue else {
                    throw AMQPError(invalidURL: "\(part): SO_KEEPALIVE: true or false is expected")
                }
                keepAlive = value
            case "TCP_KEEPIDLE": keepAliveIdle = try SocketOptions.number(entry, part)
            case "TCP_KEEPINTVL": keepAliveInterval = try SocketOptions.number(entry, part)
            case "TCP_KEEPCNT": keepAliveCount = try SocketOptions.number(entry, part)
            case "TCP_USER_TIMEOUT": userTimeout = try SocketOptions.number(entry, part)
            default:
                throw AMQPError(
                    invalidURL: "\(part): SO_KEEPALIVE, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT and TCP_USER_TIMEOUT "
                        + "are the options")
            }
        }
    }

    /// The options that are not at their defaults, in the form that ``init(_:part:)`` reads.
    var table: FieldTable {
        var table = FieldTable()
        if let keepAlive { table["SO_KEEPALIVE"] = .boolean(keepAlive) }
        let numbers = [
            ("TCP_KEEPIDLE", keepAliveIdle), ("TCP_KEEPINTVL", keepAliveInterval), ("TCP_KEEPCNT", keepAliveCount),
            ("TCP_USER_TIMEOUT", userTimeout),
        ]
        for case (let name, let number?) in numbers {
            table[name] = Int32(exactly: number).map { .int32($0) } ?? .int64(Int64(number))
        }
        return table
    }

    private static func number(_ entry: FieldTable.Entry, _ part: String) throws(AMQPError) -> Int {
        guard let number = entry.value.integerValue.flatMap(Int.init(exactly:)) else {
            throw AMQPError(invalidURL: "\(part): \(entry.key): a whole number is expected")
        }
        return number
    }
}
