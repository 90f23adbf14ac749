/// The channels of a connection by number; a number is in use until the broker has let go of it too.
struct ChannelTable {
    private var channels: [Channel?] = [nil]
    private(set) var count = 0
    private var nextPlace: UInt64 = 0
    /// The number of channels that are not over for their users; the others wait for the broker's close-ok only.
    private(set) var livingCount = 0
    /// No number below this one is free.
    private var lowestCandidate = 1

    /// The channel with a number; `nil` if the number is free.
    subscript(number: UInt16) -> Channel? {
        let index = Int(number)
        return index < channels.count ? channels[index] : nil
    }

    /// All channels, by number.
    var all: [Channel] { channels.compactMap { $0 } }

    /// All channels in the order in which they were made.
    var inOrderOfMaking: [Channel] { all.sorted { $0.place < $1.place } }

    /// The lowest free number up to `limit`.
    mutating func lowestFree(limit: UInt16) -> UInt16? {
        guard count < Int(limit) else { return nil }
        while lowestCandidate < channels.count, channels[lowestCandidate] != nil { lowestCandidate += 1 }
        return UInt16(exactly: lowestCandidate).flatMap { $0 <= limit ? $0 : nil }
    }

    mutating func insert(_ channel: Channel) {
        let index = Int(channel.number)
        while channels.count <= index { channels.append(nil) }
        channels[index] = channel
        channel.isRegistered = true
        channel.place = nextPlace
        nextPlace += 1
        count += 1
        livingCount += 1
    }

    /// A channel is over for its user; it is called once for each that was inserted.
    mutating func ended() {
        livingCount -= 1
    }

    mutating func remove(_ number: UInt16) {
        let index = Int(number)
        guard index < channels.count, let channel = channels[index] else { return }
        channel.isRegistered = false
        channels[index] = nil
        count -= 1
        lowestCandidate = min(lowestCandidate, index)
    }
}
