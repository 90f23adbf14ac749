/// Where in a stream a consumer begins (`x-stream-offset`).
public enum StreamOffset: Sendable, Hashable {
    /// At the oldest message that is kept.
    case first
    /// At the last chunk of messages that was written.
    case last
    /// At what is written from now on; the broker's default.
    case next
    /// At the message with this number, 0 … 2^63 - 1, or the next one that is kept.
    case offset(UInt64)
    /// At the chunk that was written at this time or soon after: seconds since 1970-01-01 00:00 UTC.
    case timestamp(UInt64)
    /// So long before now.
    case interval(StreamInterval)
}
