/// The state of a connection and its channels at one moment, for logs and debugging. It holds no secret.
public struct ConnectionSnapshot: Sendable {
    /// Something that happens unless something else happens before.
    public struct Deadline: Sendable {
        /// What is waited for: `workflow`, `open`, `heartbeatSend`, `heartbeatReceive`, `output`, `blocked`, `credentials` or
        /// `close`.
        public var name: String
        /// How long from now; negative if it is late.
        public var left: Duration
    }

    /// Where the connection leads: host, port and virtual host.
    public var target: String
    /// How far it is.
    public var state: ConnectionState
    /// What client and broker agreed on, as soon as they have.
    public var tuned: TunedParameters?
    /// Why the broker does not take publishes; `nil` if it does.
    public var blockedReason: String?
    /// The number of bytes received.
    public var bytesReceived: UInt64
    /// The number of frames received.
    public var framesReceived: UInt64
    /// The number of bytes handed to the stream.
    public var bytesSent: UInt64
    /// The number of frames encoded for sending.
    public var framesSent: UInt64
    /// The number of bytes that the stream has not taken.
    public var unsentByteCount: Int
    /// The number of bytes of publishes and requests that wait for their turn on a channel.
    public var heldByteCount: Int
    /// The number of bytes of a frame that has not come completely; inside a callback, of the piece that is being handled.
    public var bufferedByteCount: Int
    /// How long ago something was received.
    public var sinceReceived: Duration
    /// How long ago something was handed to the stream.
    public var sinceSent: Duration
    /// What is timed, the earliest first.
    public var deadlines: [Deadline]
    /// The channels, by number.
    public var channels: [ChannelSnapshot]
    /// The heads of some of the last frames, the oldest first: the first few of each piece that was received or sent.
    public var recentFrames: [RecentFrame]
}

extension ConnectionSnapshot: CustomStringConvertible {
    /// Several lines: the connection, its deadlines, its channels, and the last frames.
    public var description: String {
        var lines = ["connection to \(target) (\(state))"]
        if let tuned {
            lines[0] += ", frame-max \(tuned.frameMax), channel-max \(tuned.channelMax), heartbeat \(tuned.heartbeat) s"
        }
        if let blockedReason { lines.append("blocked: \(blockedReason)") }
        lines.append(
            "received \(bytesReceived) bytes in \(framesReceived) frames, \(bufferedByteCount) buffered, "
                + "last \(sinceReceived) ago")
        lines.append(
            "sent \(bytesSent) bytes, encoded \(framesSent) frames, \(unsentByteCount) bytes unsent, "
                + "\(heldByteCount) held, last \(sinceSent) ago")
        for deadline in deadlines { lines.append("deadline \(deadline.name) in \(deadline.left)") }
        for channel in channels { lines.append("\(channel)") }
        for frame in recentFrames { lines.append("\(frame)") }
        return lines.joined(separator: "\n")
    }
}

extension Connection {
    /// The state of the connection and its channels as one value; it costs time in proportion to what is pending.
    public var snapshot: ConnectionSnapshot {
        let now = ioLoop.now
        let timed = deadlines.all.sorted { $0.instant < $1.instant }.map { kind, instant in
            ConnectionSnapshot.Deadline(name: "\(kind)", left: now.duration(to: instant))
        }
        return ConnectionSnapshot(
            target: "\(parameters)", state: state, tuned: tuned, blockedReason: blockedReason,
            bytesReceived: bytesReceived, framesReceived: framesReceived, bytesSent: bytesSent, framesSent: framesSent,
            unsentByteCount: unsentByteCount, heldByteCount: heldByteCount,
            bufferedByteCount: decoder.bufferedByteCount, sinceReceived: lastReceived.duration(to: now),
            sinceSent: lastSent.duration(to: now), deadlines: timed, channels: channels.all.map(\.snapshot),
            recentFrames: recentFrames.all)
    }
}
