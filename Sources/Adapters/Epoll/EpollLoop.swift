#if os(Linux)
public import AMQPPosix

/// An event loop of its own over Linux' epoll(7): a turn costs time in proportion to what happened, not to what is
/// watched, so it is the one for thousands of connections.
///
/// ```swift
/// let connection = Connection(ConnectionParameters(), on: try EpollLoop()) { connection in … }
/// connection.ioLoop.start()
/// ```
public final class EpollLoop: HostedLoop {
    /// Makes a loop that belongs to the calling thread until another one starts it.
    ///
    /// - Throws: an error of code `systemCallFailed` if the system has no descriptors left: a loop needs two.
    public init() throws(AMQPError) {
        super.init(backend: try EpollBackend())
    }
}
#endif
