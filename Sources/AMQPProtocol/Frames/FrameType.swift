/// The type octet of a frame (specification 4.2.3).
public enum FrameType: UInt8, Sendable, Hashable {
    case method = 1
    case header = 2
    case body = 3
    case heartbeat = 8
}

/// Numbers of AMQP's framing.
public enum Framing {
    /// The bytes in front of a frame's payload: type, channel, size.
    public static let headerSize = 7
    /// The bytes of a frame besides its payload: header and end octet.
    public static let overhead = 8
    /// The octet that ends every frame.
    public static let end: UInt8 = 0xCE
    /// The smallest frame-max that either side may ask for (specification 4.2.3).
    public static let minimumFrameMax = 4096
    /// The largest frame that is accepted before the peers have negotiated one.
    public static let limitBeforeTune = 131_072
    /// The eight bytes that open a connection to an AMQP 0-9-1 broker.
    public static let protocolHeader: [UInt8] = [0x41, 0x4D, 0x51, 0x50, 0, 0, 9, 1]
    /// The fixed part of a content header's payload: class, weight, body size, and the first property flags.
    public static let minimumContentHeader = 14
}
