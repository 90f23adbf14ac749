import AMQPProtocol

/// The heads of a connection's last frames in both directions.
///
/// Frames are not noted one by one, which would cost more than handling them: of each piece that is received or sent, the
/// first few are. When the broker breaks the protocol, all of the piece in which that happens are looked at.
struct RecentFrames {
    /// How many frames are kept.
    static let capacity = 32
    /// How many are noted of a piece.
    static let perPiece = 4

    private var frames: [RecentFrame] = []
    private var next = 0

    /// The frames, the oldest first.
    var all: [RecentFrame] { Array(frames[next...] + frames[..<next]) }

    mutating func add(_ heads: some Sequence<FrameHead>, _ direction: RecentFrame.Direction, at instant: LoopInstant) {
        for head in heads {
            let frame = RecentFrame(direction: direction, head: head, instant: instant)
            if frames.count < RecentFrames.capacity {
                frames.append(frame)
            } else {
                frames[next] = frame
                next = (next + 1) % RecentFrames.capacity
            }
        }
    }
}
