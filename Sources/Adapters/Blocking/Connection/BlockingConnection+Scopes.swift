public import AMQPConnection

extension BlockingConnection {
    /// Connects, calls `body` with the connection, and closes it, whatever `body` does.
    ///
    /// A connection that is over by then is no error. What `body` throws is thrown on as it is, and takes precedence over
    /// what closing brings.
    @available(*, noasync)
    @discardableResult
    public static func withConnection<Value>(
        _ parameters: ConnectionParameters = ConnectionParameters(), _ body: (BlockingConnection) throws -> Value
    ) throws -> Value {
        let connection = try BlockingConnection(parameters)
        let value: Value
        do {
            value = try body(connection)
        } catch {
            try? connection.closeIfOpen()
            throw error
        }
        try connection.closeIfOpen()
        return value
    }

    /// Opens a channel, calls `body` with it, and closes it, whatever `body` does; see ``withConnection(_:_:)``.
    @available(*, noasync)
    @discardableResult
    public func withChannel<Value>(
        number: UInt16? = nil, _ body: (BlockingChannel) throws -> Value
    ) throws -> Value {
        let channel = try channel(number: number)
        let value: Value
        do {
            value = try body(channel)
        } catch {
            try? channel.closeIfOpen()
            throw error
        }
        try channel.closeIfOpen()
        return value
    }

    /// Closes the connection if it is open, else does nothing. What was published leaves first.
    ///
    /// - Throws: ``AMQPError``: what ended the connection in place of the broker's confirmation.
    @available(*, noasync)
    public func closeIfOpen() throws(AMQPError) {
        if isOpen { try close() }
    }
}

extension BlockingChannel {
    /// Closes the channel if it is open, else does nothing. What was published leaves first.
    ///
    /// - Throws: ``AMQPError``: what ended the channel in place of the broker's confirmation.
    @available(*, noasync)
    public func closeIfOpen() throws(AMQPError) {
        if isOpen { try close() }
    }
}
