/// A queue that is appended to at its end and taken from at its start, without moving the elements in between.
///
/// It grows to twice its size when it is full. Beyond ``keptCapacity`` places it halves when an eighth of them is in use,
/// so that one burst is not paid for for ever; what goes up and down below that allocates nothing.
struct RingBuffer<Element> {
    /// The number of places that are never given back.
    static var keptCapacity: Int { 1024 }

    private var storage: [Element?] = []
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    /// The number of elements for which there is room.
    var capacity: Int { storage.count }

    var first: Element? { count == 0 ? nil : storage[head] }

    mutating func append(_ element: Element) {
        if count == storage.count { move(to: max(storage.count * 2, 8)) }
        storage[(head + count) & (storage.count - 1)] = element
        count += 1
    }

    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = storage[head].take()
        head = (head + 1) & (storage.count - 1)
        count -= 1
        if storage.count > RingBuffer.keptCapacity, count <= storage.count / 8 { move(to: storage.count / 2) }
        return element
    }

    /// The element `index` places behind the first; `index` must be below `count`.
    subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count)
            guard let element = storage[(head + index) & (storage.count - 1)] else { preconditionFailure("empty slot") }
            return element
        }
        set {
            precondition(index >= 0 && index < count)
            storage[(head + index) & (storage.count - 1)] = newValue
        }
    }

    /// Takes everything, in order.
    mutating func removeAll() -> [Element] {
        var elements: [Element] = []
        elements.reserveCapacity(count)
        while let element = popFirst() { elements.append(element) }
        return elements
    }

    /// Moves everything to `capacity` places: a power of two, so that an index wraps with a mask.
    private mutating func move(to capacity: Int) {
        var moved: [Element?] = []
        moved.reserveCapacity(capacity)
        for index in 0 ..< count { moved.append(storage[(head + index) & (storage.count - 1)]) }
        while moved.count < capacity { moved.append(nil) }
        storage = moved
        head = 0
    }
}
