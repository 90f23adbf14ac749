/// The delivery tags of a channel that have not been answered.
///
/// Tags come in rising order, and most are answered in that order, which costs next to nothing. One that is answered out
/// of order is marked, and leaves when those before it have been answered.
struct UnackedTags {
    /// A tag, and whether it has been answered.
    private struct Entry {
        var tag: UInt64
        var isAnswered = false
    }

    private var entries = RingBuffer<Entry>()
    private var highest: UInt64 = 0

    /// The number of tags that have not been answered.
    private(set) var count = 0

    /// A message came; a tag that does not rise is not counted.
    mutating func delivered(_ tag: UInt64) {
        guard tag > highest else { return }
        highest = tag
        entries.append(Entry(tag: tag))
        count += 1
    }

    /// The user answers one tag, or all up to it; 0 with `multiple` means all.
    mutating func answered(_ tag: UInt64, multiple: Bool) {
        guard !entries.isEmpty else { return }
        if multiple {
            while let first = entries.first, tag == 0 || first.tag <= tag { removeFirst() }
        } else if let first = entries.first, first.tag == tag {
            removeFirst()
        } else if let index = index(of: tag), !entries[index].isAnswered {
            entries[index].isAnswered = true
            count -= 1
        }
        while let first = entries.first, first.isAnswered { removeFirst() }
    }

    /// All go back to their queues.
    mutating func removeAll() {
        _ = entries.removeAll()
        count = 0
    }

    private mutating func removeFirst() {
        if let entry = entries.popFirst(), !entry.isAnswered { count -= 1 }
    }

    private func index(of tag: UInt64) -> Int? {
        var range = 0 ..< entries.count
        while !range.isEmpty {
            let middle = range.lowerBound + range.count / 2
            let found = entries[middle].tag
            if found == tag { return middle }
            range = found < tag ? middle + 1 ..< range.upperBound : range.lowerBound ..< middle
        }
        return nil
    }
}
