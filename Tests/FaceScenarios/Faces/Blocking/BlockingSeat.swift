import AMQPBlocking
import AMQPConnection

/// What a ``BlockingThread`` has: the connection, its channels, and who waits for their ends. It belongs to that thread.
final class BlockingSeat {
    /// A channel with what scenarios wait for on it.
    final class Channel {
        let channel: BlockingChannel
        let ending: Ending
        let cancels = Inbox<String>()
        var consumers: [String: Inbox<Delivery>] = [:]

        init(_ channel: BlockingChannel, _ ending: Ending) {
            self.channel = channel
            self.ending = ending
        }
    }

    let connection: BlockingConnection
    let ending = Ending()
    private var channels: [Int: Channel] = [:]
    private var channelCount = 0

    init(_ connection: BlockingConnection) {
        self.connection = connection
    }

    /// Opens a channel.
    ///
    /// - Returns: its number for ``channel(_:)``, which no other one gets, and its number on the wire.
    func open(_ number: UInt16?, _ ending: Ending) throws(AMQPError) -> (id: Int, number: UInt16) {
        let opened = Channel(try connection.channel(number: number), ending)
        opened.channel.onCancel { [unowned opened] _, tag in
            let reason = "the broker cancelled consumer \"\(tag)\""
            opened.consumers.removeValue(forKey: tag)?.end(AMQPError(.consumerCancelled, blame: .peer, reason))
            opened.cancels.put(tag)
        }
        channelCount += 1
        channels[channelCount] = opened
        return (channelCount, opened.channel.channelNumber)
    }

    /// A channel that was opened here.
    func channel(_ id: Int) throws(AMQPError) -> Channel {
        guard let channel = channels[id] else {
            throw AMQPError(.channelWrongState, blame: .application, "there is no channel \(id)")
        }
        return channel
    }

    /// Waits until there is something to run callbacks for, and runs them. What ends meanwhile is told to those who wait
    /// for it.
    func letCallbacksRun() {
        do throws(AMQPError) {
            try connection.processDataEvents(timeLimit: nil)
        } catch {
            // It is the end of a channel or of the connection.
        }
        noticeEnds()
    }

    /// Tells of the channels that are over, and of the connection.
    func noticeEnds() {
        for (id, channel) in channels where channel.channel.isClosed && channel.ending.reason == nil {
            guard let reason = reason(of: { () throws(AMQPError) in try channel.channel.flow(active: true) }) else {
                continue
            }
            for consumer in channel.consumers.values { consumer.end(reason.unlessOwnDoing) }
            channels[id]?.consumers = [:]
            channel.ending.set(reason)
        }
        guard connection.isClosed, ending.reason == nil else { return }
        if let reason = reason(of: { () throws(AMQPError) in try connection.processDataEvents() }) {
            ending.set(reason)
        }
    }

    /// The reason that a call is refused with when what it belongs to is over.
    private func reason<Value>(of call: () throws(AMQPError) -> Value) -> AMQPError? {
        do throws(AMQPError) {
            _ = try call()
            return nil
        } catch {
            return error.underlying as? AMQPError
        }
    }
}
