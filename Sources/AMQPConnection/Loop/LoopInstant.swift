/// A point on a loop's monotonic clock, in nanoseconds since an arbitrary start.
///
/// Instants of different loops must not be compared: a loop in a test may have a clock of its own.
public struct LoopInstant: Sendable, Hashable {
    /// Nanoseconds since the clock's start.
    public var nanoseconds: UInt64

    /// The instant `nanoseconds` after the clock's start.
    @inlinable
    public init(nanoseconds: UInt64) {
        self.nanoseconds = nanoseconds
    }

    /// The instant that no deadline reaches: about 584 years after the clock's start.
    public static let distantFuture = LoopInstant(nanoseconds: .max)
}

extension LoopInstant: InstantProtocol {
    /// The instant `duration` later; it saturates at the clock's start and at ``distantFuture`` instead of overflowing.
    public func advanced(by duration: Duration) -> LoopInstant {
        let delta = duration.clampedNanoseconds
        if delta >= 0 {
            let (sum, overflow) = nanoseconds.addingReportingOverflow(UInt64(delta))
            return overflow ? .distantFuture : LoopInstant(nanoseconds: sum)
        }
        let back = delta.magnitude
        return LoopInstant(nanoseconds: nanoseconds > back ? nanoseconds - back : 0)
    }

    /// The time from this instant to the other, negative if the other is earlier.
    public func duration(to other: LoopInstant) -> Duration {
        let forward = other.nanoseconds >= nanoseconds
        let distance = forward ? other.nanoseconds - nanoseconds : nanoseconds - other.nanoseconds
        let clamped = Int64(clamping: distance)
        return .nanoseconds(forward ? clamped : -clamped)
    }

    public static func < (left: LoopInstant, right: LoopInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }
}

extension Duration {
    /// The duration in whole nanoseconds, rounded up, so that a deadline made from it is never early; it is clamped to
    /// what 64 bits hold (292 years).
    package var clampedNanoseconds: Int64 {
        let (whole, rest) = attoseconds.quotientAndRemainder(dividingBy: 1_000_000_000)
        return Int64(clamping: rest > 0 ? whole + 1 : whole)
    }
}
