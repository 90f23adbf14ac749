import AMQPBlocking
public import AMQPConnection

/// Calls that block; each connection has a thread that makes them.
public struct BlockingFace: Face {
    public let name = "Blocking"
    public let closesDroppedConnections = false

    public init() {}

    public func connect(_ candidates: [ConnectionParameters]) async throws(AMQPError) -> any FaceConnection {
        BlockingFaceConnection(thread: try await BlockingThread.start(candidates))
    }
}
