/// The channels of a connection by number; a number is in use until the broker has let go of it too.
struct ChannelTable {
    private var channels: [Channel?] = [nil]
    private(set) var count = 0

    /// The channel with a number; `nil` if the number is free.
    subscript(number: UInt16) -> Channel? {
        let index = Int(number)
        return index < channels.count ? channels[index] : nil
    }

    /// All channels, by number.
    var all: [Channel] { channels.compactMap { $0 } }

    /// The lowest free number up to `limit`.
    func lowestFree(limit: UInt16) -> UInt16? {
        guard count < Int(limit) else { return nil }
        let index = channels.dropFirst().firstIndex { $0 == nil } ?? channels.count
        return index <= Int(limit) ? UInt16(index) : nil
    }

    mutating func insert(_ channel: Channel) {
        let index = Int(channel.number)
        while channels.count <= index { channels.append(nil) }
        channels[index] = channel
        count += 1
    }

    mutating func remove(_ number: UInt16) {
        let index = Int(number)
        guard index < channels.count, channels[index] != nil else { return }
        channels[index] = nil
        count -= 1
    }
}
