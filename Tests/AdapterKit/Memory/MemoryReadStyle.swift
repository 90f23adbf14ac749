/// By which of its two calls a ``MemoryTransport`` gives bytes to its handler.
public enum MemoryReadStyle: Sendable, Hashable {
    /// By `streamReceived`, like a transport that owns its buffers.
    case received
    /// By `streamReadable`, like a transport that reads from the system into the handler's memory.
    case readable
}
