import AMQPAsync
public import AMQPConnection

/// `async` functions, each connection on a loop thread of its own.
public struct AsyncFace: Face {
    public let name = "Async"
    public let closesDroppedConnections = true

    public init() {}

    public func connect(_ candidates: [ConnectionParameters]) async throws(AMQPError) -> any FaceConnection {
        AsyncFaceConnection(connection: try await AMQP.connect(candidates))
    }
}
