public import AMQPPosix

/// An event loop of its own over select(2), which every system has.
///
/// It watches descriptors below `FD_SETSIZE` (1024 nearly everywhere); a higher one is refused with the error
/// `descriptorNotWatchable`. Each turn costs time in proportion to the highest descriptor that is watched, so a program
/// with many connections takes another loop.
///
/// ```swift
/// let connection = Connection(ConnectionParameters(), on: SelectLoop()) { connection in … }
/// connection.ioLoop.start()
/// ```
public final class SelectLoop: HostedLoop {
    /// Makes a loop that belongs to the calling thread until another one starts it.
    public init() {
        super.init(backend: SelectBackend())
    }
}
