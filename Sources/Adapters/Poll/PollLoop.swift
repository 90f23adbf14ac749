public import AMQPPosix

/// An event loop of its own over poll(2), which every system has.
///
/// It watches any descriptor. Each turn costs time in proportion to the number of descriptors that are watched. Waits
/// are rounded up to whole milliseconds, so a timer may be late by one.
///
/// ```swift
/// let connection = Connection(ConnectionParameters(), on: PollLoop()) { connection in … }
/// connection.ioLoop.start()
/// ```
public final class PollLoop: HostedLoop {
    /// Makes a loop that belongs to the calling thread until another one starts it.
    public init() {
        super.init(backend: PollBackend())
    }
}
