/// In which pieces a ``MemoryLink`` hands bytes to the receiver; each piece is an event of its own, in a turn of its own.
public enum MemoryDelivery: Sendable, Hashable {
    /// All that has been sent so far.
    case whole
    /// Pieces of this many bytes (1 at least).
    case pieces(of: Int)
    /// Pieces that end at these places, counted from the start of the stream; the rest whole.
    case splits(at: Set<Int>)

    /// How many of `available` bytes the piece holds that starts `position` bytes into the stream.
    func length(from position: Int, available: Int) -> Int {
        switch self {
        case .whole: available
        case .pieces(let size): min(max(size, 1), available)
        case .splits(let places):
            places.filter { $0 > position }.min().map { min($0 - position, available) } ?? available
        }
    }
}
