/// What client and broker agreed on in `connection.tune` (specification 1.4.2.6).
public struct TunedParameters: Sendable, Hashable {
    /// The highest channel number.
    public var channelMax: UInt16
    /// The largest frame in bytes, header and end octet included.
    public var frameMax: Int
    /// Seconds without traffic after which a peer may be given up; 0 if heartbeats are off.
    public var heartbeat: UInt16

    /// Limits with these values.
    public init(channelMax: UInt16, frameMax: Int, heartbeat: UInt16) {
        self.channelMax = channelMax
        self.frameMax = frameMax
        self.heartbeat = heartbeat
    }
}
