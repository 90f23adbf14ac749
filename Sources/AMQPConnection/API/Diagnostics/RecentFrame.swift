public import AMQPProtocol

/// A frame that was sent or received not long ago, without its contents: it holds no secret.
public struct RecentFrame: Sendable, Hashable {
    /// Which way a frame went.
    public enum Direction: String, Sendable, Hashable {
        /// From the broker.
        case received
        /// To the broker.
        case sent
    }

    /// Which way the frame went.
    public var direction: Direction
    /// Type, channel, size and method.
    public var head: FrameHead
    /// When the bytes with the frame in it were received, or handed to the stream.
    public var instant: LoopInstant

    /// A frame that was sent or received at an instant of the loop's clock.
    public init(direction: Direction, head: FrameHead, instant: LoopInstant) {
        self.direction = direction
        self.head = head
        self.instant = instant
    }
}

extension RecentFrame: CustomStringConvertible {
    /// Direction, method or type, channel and size.
    public var description: String { "\(direction.rawValue) \(head)" }
}
