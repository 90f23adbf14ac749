public import AMQPConnection

/// The thread-safe entrance of a ``BlockingChannel``: other threads leave callbacks here, to be run on the connection's.
///
///     let mailbox = channel.mailbox
///     Thread.detachNewThread { work(); try? mailbox.addCallbackThreadsafe { channel in try channel.basicAck(tag) } }
///
/// They are given this very channel, never another one that has its number later: a delivery tag means nothing there.
public final class BlockingChannelMailbox: Sendable {
    /// The entrance of the channel's connection.
    public let connection: BlockingMailbox
    private let number: UInt16
    private let serial: UInt64
    private let isClosed = Guarded(false)

    init(_ connection: BlockingMailbox, _ number: UInt16, _ serial: UInt64) {
        self.connection = connection
        self.number = number
        self.serial = serial
    }

    /// Has `callback` run with the channel on the connection's thread, when the program next lets callbacks run, as
    /// ``BlockingMailbox/addCallbackThreadsafe(_:)`` does.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/channelWrongState`` if the channel is over, or
    ///   ``AMQPError/Code/connectionWrongState`` if the connection is; the callback does not run then. One that was
    ///   accepted and had not run when the channel ended is dropped: its messages have gone back to their queues.
    public func addCallbackThreadsafe(
        _ callback: @escaping @Sendable (BlockingChannel) throws -> Void
    ) throws(AMQPError) {
        guard !isClosed.withLock({ $0 }) else {
            throw AMQPError(.channelWrongState, blame: .application, "a callback was posted to a channel that is over")
        }
        try connection.addCallbackThreadsafe { [number, serial] connection in
            guard let channel = connection.channels[number], channel.serial == serial, channel.isOpen else { return }
            try callback(channel)
        }
    }

    /// Refuses callbacks from now on.
    func close() {
        isClosed.withLock { $0 = true }
    }
}
