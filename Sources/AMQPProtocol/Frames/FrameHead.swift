/// What a frame's first bytes say: everything but its contents.
public struct FrameHead: Sendable, Hashable {
    /// What kind of payload the frame carries.
    public var type: FrameType
    /// The channel it belongs to; 0 is the connection itself.
    public var channel: UInt16
    /// The payload's size in bytes, as announced.
    public var size: Int
    /// The class and method number of a method frame; `nil` for other frames.
    public var method: MethodID?

    /// A head of these parts.
    public init(type: FrameType, channel: UInt16, size: Int, method: MethodID? = nil) {
        self.type = type
        self.channel = channel
        self.size = size
        self.method = method
    }

    /// Reads the head of the frame that begins the bytes; `nil` if there is none.
    @usableFromInline
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count >= Framing.headerSize, let type = FrameType(rawValue: bytes[0]) else { return nil }
        self.type = type
        channel = bytes.number(at: 1, as: UInt16.self)
        size = Int(bytes.number(at: 3, as: UInt32.self))
        guard type == .method, size >= 4, bytes.count >= Framing.headerSize + 4 else { return }
        method = MethodID(
            classID: bytes.number(at: Framing.headerSize, as: UInt16.self),
            methodID: bytes.number(at: Framing.headerSize + 2, as: UInt16.self))
    }
}

extension FrameHead: CustomStringConvertible {
    /// Type or method, channel and size.
    public var description: String {
        "\(method.map { "\($0)" } ?? "\(type)") on channel \(channel), \(size) bytes"
    }
}

/// Walks from frame to frame through bytes that come in pieces, and stops looking when it has seen enough.
package struct FrameHeadWalk {
    /// The heads that were seen, in order.
    package private(set) var heads: [FrameHead] = []
    private let limit: Int
    /// How many of the next bytes belong to a frame that was seen.
    private var skip = 0

    /// - Parameter limit: how many heads to look at.
    package init(limit: Int) {
        self.limit = limit
        heads.reserveCapacity(limit)
    }

    /// Looks at the next bytes. A head that lies across two pieces ends the walk.
    package mutating func look(at bytes: UnsafeRawBufferPointer) {
        var offset = min(skip, bytes.count)
        skip -= offset
        while heads.count < limit, offset < bytes.count {
            guard let head = FrameHead(UnsafeRawBufferPointer(rebasing: bytes[offset...])) else {
                skip = .max
                return
            }
            heads.append(head)
            let size = head.size + Framing.overhead
            let taken = min(size, bytes.count - offset)
            skip = size - taken
            offset += taken
        }
    }
}
