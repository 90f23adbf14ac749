/// What a descriptor is ready for, or is watched for.
///
/// A backend reports an error or a hang-up as both, since reading and writing then give the outcome without blocking.
public struct Readiness: OptionSet, Sendable, Hashable {
    /// The bits of the set.
    public let rawValue: UInt8

    /// A set with these bits.
    public init(rawValue: UInt8) {
        self.rawValue = rawValue
    }

    /// Reading would not block.
    public static let readable = Readiness(rawValue: 1)
    /// Writing would not block.
    public static let writable = Readiness(rawValue: 2)
}
