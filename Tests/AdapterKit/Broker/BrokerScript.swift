public import AMQPConnection

/// How a ``ScriptedBroker`` behaves.
public struct BrokerScript: Sendable {
    /// What the broker proposes. Default: 2047 channels, frames of 131,072 bytes, heartbeats of 60 seconds.
    public var tune = ConnectionTune(channelMax: 2047, frameMax: 131_072, heartbeat: 60)
    /// The mechanisms that the broker offers.
    public var mechanisms = "PLAIN AMQPLAIN"
    /// What the broker says about itself.
    public var serverProperties: FieldTable = [
        "product": "ScriptedBroker",
        "capabilities": .table([
            "publisher_confirms": true, "basic.nack": true, "consumer_cancel_notify": true, "connection.blocked": true,
            "exchange_exchange_bindings": true, "authentication_failure_close": true,
        ]),
    ]
    /// Whether the broker sends heartbeats as negotiated (on a ``BrokerServer``). Default: yes.
    public var sendsHeartbeats = true
    /// Loses the stream when this many frames were sent, counted over the whole stream.
    public var cutAfterFrames: Int?
    /// How the stream is lost.
    public var cut = StreamCut.endOfStream
    /// Sent instead of any answer to the protocol header, for peers that are no brokers.
    public var greeting: [UInt8]?
    /// Called with each method before the broker answers it by itself.
    ///
    /// It returns whether the script has dealt with the method, so that the broker does nothing about it.
    public var onMethod: @Sendable (_ broker: ScriptedBroker, _ received: ReceivedMethod) -> Bool = { _, _ in false }

    /// A broker that does what brokers do.
    public init() {}

    /// A broker whose script deals with some methods.
    public init(_ onMethod: @escaping @Sendable (_ broker: ScriptedBroker, _ received: ReceivedMethod) -> Bool) {
        self.onMethod = onMethod
    }
}
