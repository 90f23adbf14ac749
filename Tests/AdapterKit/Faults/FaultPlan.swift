/// What a ``FaultProxy`` does to the bytes of one direction.
public struct FaultPlan: Sendable, Hashable {
    /// Loses the stream when this many bytes have passed.
    public var cutAfter: Int?
    /// How the stream is lost. Default: its end.
    public var cut = StreamCut.endOfStream
    /// Passes nothing on behind this many bytes, and keeps the stream.
    public var stallAfter: Int?
    /// Passes bytes on in pieces of at most this size, each written for itself.
    public var pieceSize: Int?
    /// Passes on at most about this many bytes in a second.
    public var bytesPerSecond: Int?

    /// A plan without faults.
    public init() {}

    /// Loses the stream when `count` bytes have passed.
    public static func cut(after count: Int, by cut: StreamCut = .endOfStream) -> FaultPlan {
        var plan = FaultPlan()
        plan.cutAfter = count
        plan.cut = cut
        return plan
    }

    /// Passes nothing on behind `count` bytes.
    public static func stall(after count: Int) -> FaultPlan {
        var plan = FaultPlan()
        plan.stallAfter = count
        return plan
    }

    /// Passes bytes on in pieces of at most `size`.
    public static func pieces(of size: Int) -> FaultPlan {
        var plan = FaultPlan()
        plan.pieceSize = size
        return plan
    }

    /// Passes on at most about this many bytes in a second.
    public static func throttle(_ bytesPerSecond: Int) -> FaultPlan {
        var plan = FaultPlan()
        plan.bytesPerSecond = bytesPerSecond
        return plan
    }
}
