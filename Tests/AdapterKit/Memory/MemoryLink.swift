internal import AMQPConnection

/// One direction of a ``MemoryPipe``: what is sent at one end waits here until it is handed to the other.
///
/// Its properties may be changed at any time from the loop's thread and hold for what is delivered from then on.
public final class MemoryLink {
    /// How many bytes may be on their way; what is more stays unsent at the sender. Default: no limit.
    public var capacity: Int = .max { didSet { sender?.pump() } }
    /// In which pieces bytes arrive. Default: whole.
    public var delivery = MemoryDelivery.whole
    /// How long each piece travels. Default: zero, which is the loop's next turn.
    public var latency = Duration.zero
    /// Whether nothing is delivered for now. Default: `false`.
    public var isStalled = false { didSet { arrange() } }

    /// The number of bytes that were handed to the receiver.
    public private(set) var deliveredByteCount = 0
    /// All bytes that the sender gave to the stream, delivered or not.
    public private(set) var transcript: [UInt8] = []

    weak var sender: MemoryTransport?
    weak var receiver: MemoryTransport?

    private let schedule: (Duration, @escaping () -> Void) -> Void
    private var cut: (position: Int, kind: StreamCut)?
    private var isFinished = false
    private var isArranged = false

    init(schedule: @escaping (Duration, @escaping () -> Void) -> Void) {
        self.schedule = schedule
    }

    /// The number of bytes that are on their way.
    public var waitingByteCount: Int { transcript.count - deliveredByteCount }

    /// Loses the stream as soon as `position` bytes, counted from its start, have been delivered in this direction.
    public func cut(after position: Int, by kind: StreamCut = .endOfStream) {
        cut = (position, kind)
        arrange()
    }

    /// How many bytes the link takes now; without a receiver bytes vanish as they do behind a closed socket.
    var room: Int { receiver.map { !$0.isEnded } ?? false ? max(capacity - waitingByteCount, 0) : .max }

    func accept(_ bytes: ByteSlice) {
        bytes.withUnsafeBytes { transcript.append(contentsOf: $0) }
        arrange()
    }

    /// No bytes follow those that were accepted.
    func finish() {
        isFinished = true
        arrange()
    }

    /// Asks for a delivery if there is something to deliver.
    func arrange() {
        guard !isArranged, !isStalled, receiver?.takesBytes == true else { return }
        guard isCutDue || isFinished || waitingByteCount > 0 else { return }
        isArranged = true
        schedule(latency) { [self] in
            isArranged = false
            deliver()
        }
    }

    private var isCutDue: Bool { cut.map { deliveredByteCount >= $0.position } ?? false }

    private func deliver() {
        guard !isStalled, let receiver, receiver.takesBytes else { return }
        if let cut, isCutDue {
            receiver.lost(cut.kind == .reset ? .reset : .endOfStream)
            sender?.lost(.reset)
            return
        }
        let start = deliveredByteCount
        var length = delivery.length(from: start, available: waitingByteCount)
        if let cut { length = min(length, cut.position - start) }
        guard length > 0 else {
            if isFinished { receiver.lost(.endOfStream) }
            return
        }
        let piece = Array(transcript[start ..< start + length])
        deliveredByteCount += receiver.receive(piece)
        sender?.pump()
        arrange()
    }
}

@available(*, unavailable)
extension MemoryLink: Sendable {}
