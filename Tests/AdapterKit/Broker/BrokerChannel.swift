internal import AMQPConnection

/// What a scripted broker keeps for a channel.
struct BrokerChannel {
    /// A publish whose content is still coming.
    struct Incoming {
        var method: BasicPublish
        var properties = MessageProperties()
        var missing: UInt64?
        var body: [UInt8] = []
    }

    struct Consumer {
        var tag: String
        var queue: String
    }

    var isConfirming = false
    var publishCount: UInt64 = 0
    var deliveryCount: UInt64 = 0
    var consumers: [Consumer] = []
    var incoming: Incoming?
}
