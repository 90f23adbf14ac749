#if NIO
public import AMQPConnection
import AMQPNIO
import NIOCore
import NIOPosix

/// Futures, on the event loops that SwiftNIO has anyway.
public struct NIOFace: Face {
    public let name = "NIO"
    public let closesDroppedConnections = false

    public init() {}

    public func connect(_ candidates: [ConnectionParameters]) async throws(AMQPError) -> any FaceConnection {
        let eventLoop = MultiThreadedEventLoopGroup.singleton.next()
        return NIOFaceConnection(
            connection: try await FutureConnection.connect(candidates, on: eventLoop).reply())
    }
}

extension EventLoopFuture where Value: Sendable {
    /// Waits for the value; every failure of the library's is an `AMQPError`.
    func reply() async throws(AMQPError) -> Value {
        do {
            return try await get()
        } catch let error as AMQPError {
            throw error
        } catch {
            throw AMQPError(.protocolViolation, blame: .application, "a future failed with \(error)")
        }
    }
}
#endif
