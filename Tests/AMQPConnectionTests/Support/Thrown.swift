internal import AMQPConnection
internal import AMQPProtocol

/// The `AMQPError` that a call throws; `nil` if it throws none.
func thrown(_ call: () throws -> Void) -> AMQPError? {
    do {
        try call()
        return nil
    } catch {
        return error as? AMQPError
    }
}

/// The `ProtocolError` that a call throws; `nil` if it throws none.
func violation(_ call: () throws -> Void) -> ProtocolError? {
    do {
        try call()
        return nil
    } catch {
        return error as? ProtocolError
    }
}
