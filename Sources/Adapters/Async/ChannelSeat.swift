import AMQPConnection

/// What an ``AsyncChannel`` has on its loop: the channel, those who wait to publish on it, and its consumers' feeds. It
/// belongs to the loop's thread.
final class ChannelSeat {
    let channel: Channel
    let line: PublishLine
    /// By consumer tag.
    var feeds: [String: DeliveryFeed] = [:]

    init(_ channel: Channel) {
        self.channel = channel
        self.line = PublishLine(channel)
    }
}
