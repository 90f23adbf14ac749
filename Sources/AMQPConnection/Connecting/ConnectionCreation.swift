/// A connection that is being opened by ``Connection/create(_:on:completion:)``.
public final class ConnectionCreation {
    private let connection: Connection

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// Gives up: the completion is called with ``AMQPError/Code/connectionOpenAborted``, in a later turn. Once the
    /// connection is open, or could not be opened, this does nothing.
    public func abort() {
        if connection.isOpening { connection.close() }
    }
}

@available(*, unavailable)
extension ConnectionCreation: Sendable {}
