public import AMQPConnection

/// One way to use the library, behind calls that every way has: what a scenario is written against.
///
/// It adds nothing to what the face does, and asks nothing of the core that the face has a call for. All of it may be used
/// from any task; where the face belongs to a thread, calls are carried there.
public protocol Face: Sendable {
    /// The name in the matrix.
    var name: String { get }
    /// Whether a connection that nobody holds any more is closed; else it lives until it is closed by name.
    var closesDroppedConnections: Bool { get }

    /// Connects to the first of several brokers that can be connected to.
    func connect(_ candidates: [ConnectionParameters]) async throws(AMQPError) -> any FaceConnection
}
