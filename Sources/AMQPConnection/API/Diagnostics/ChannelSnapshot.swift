public import AMQPProtocol

/// The state of a channel at one moment, for logs and debugging.
public struct ChannelSnapshot: Sendable {
    /// A request that has not been answered.
    public struct PendingRequest: Sendable {
        /// The method; `basic.publish` for a publish that waits behind requests.
        public var method: MethodID
        /// How long ago the call was made.
        public var age: Duration
        /// Whether it has been sent and waits for its answer, or waits for its turn.
        public var isSent: Bool
    }

    /// A consumer.
    public struct Consumer: Sendable {
        /// Its tag.
        public var tag: String
        /// Whether its messages count as acknowledged when they are sent.
        public var isAutoAck: Bool
        /// Whether the broker has confirmed it.
        public var isStarted: Bool
        /// Whether it is being cancelled.
        public var isCancelling: Bool
    }

    /// The channel's number.
    public var number: UInt16
    /// `opening`, `open`, `closing` or `closed`.
    public var state: String
    /// The requests without an answer, in the order of the calls.
    public var pendingRequests: [PendingRequest]
    /// The consumers, by tag.
    public var consumers: [Consumer]
    /// The number of messages that have been neither acknowledged nor refused.
    public var unackedCount: Int
    /// The number of publishes that have not been confirmed.
    public var unconfirmedCount: Int
    /// The number of publishes that wait behind requests.
    public var heldPublishCount: Int
    /// Whether the channel is in confirm mode.
    public var isConfirming: Bool
    /// Whether publishing is advised (``Channel/mayPublish``).
    public var mayPublish: Bool
    /// Whether the broker takes messages (`channel.flow`).
    public var isFlowActive: Bool
}

extension ChannelSnapshot: CustomStringConvertible {
    /// One line for the channel, and one for each pending request and consumer.
    public var description: String {
        var text = "channel \(number) (\(state)): \(unackedCount) unacked, \(unconfirmedCount) unconfirmed"
        if heldPublishCount > 0 { text += ", \(heldPublishCount) publishes held" }
        if isConfirming { text += ", confirms" }
        if !mayPublish { text += ", gate closed" }
        if !isFlowActive { text += ", flow stopped" }
        for request in pendingRequests {
            text += "\n  \(request.method) \(request.isSent ? "unanswered" : "waiting") for \(request.age)"
        }
        for consumer in consumers {
            let state = consumer.isCancelling ? ", cancelling" : consumer.isStarted ? "" : ", starting"
            text += "\n  consumer \"\(consumer.tag)\"\(consumer.isAutoAck ? ", auto-ack" : "")\(state)"
        }
        return text
    }
}

extension Channel {
    /// The channel's state as one value; it costs time in proportion to what is pending.
    public var snapshot: ChannelSnapshot {
        let now = connection.ioLoop.now
        let hasRequestInFlight = requests.methodInFlight != nil
        let pending = requests.pending.enumerated().map { index, request in
            ChannelSnapshot.PendingRequest(
                method: request.method.id, age: request.submitted.duration(to: now),
                isSent: index == 0 && hasRequestInFlight)
        }
        let consumers = consumers.values.sorted { $0.tag < $1.tag }.map { consumer in
            ChannelSnapshot.Consumer(
                tag: consumer.tag, isAutoAck: consumer.isAutoAck, isStarted: consumer.isStarted,
                isCancelling: consumer.isCancelling)
        }
        return ChannelSnapshot(
            number: number, state: stateName, pendingRequests: pending, consumers: consumers,
            unackedCount: unackedCount, unconfirmedCount: unconfirmedCount, heldPublishCount: heldPublishes.count,
            isConfirming: isConfirming, mayPublish: isGateOpen, isFlowActive: isFlowActive)
    }
}
