import AMQPConnection

/// What an ``AsyncChannel`` has on its loop: the channel, those who wait to publish on it, its consumers' feeds, and those
/// who wait for the end of consumers with handlers. It belongs to the loop's thread.
final class ChannelSeat {
    let channel: Channel
    let line: PublishLine
    /// By consumer tag.
    var feeds: [String: DeliveryFeed] = [:]
    /// By consumer tag.
    var handlerWaits: [String: HandlerWait] = [:]

    init(_ channel: Channel) {
        self.channel = channel
        self.line = PublishLine(channel)
    }
}
