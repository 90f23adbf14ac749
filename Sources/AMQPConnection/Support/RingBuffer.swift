/// A queue that is appended to at its end and taken from at its start, without moving the elements in between.
struct RingBuffer<Element> {
    private var storage: [Element?] = []
    private var head = 0
    private(set) var count = 0

    var isEmpty: Bool { count == 0 }

    var first: Element? { count == 0 ? nil : storage[head] }

    mutating func append(_ element: Element) {
        if count == storage.count { grow() }
        storage[(head + count) & (storage.count - 1)] = element
        count += 1
    }

    mutating func popFirst() -> Element? {
        guard count > 0 else { return nil }
        let element = storage[head].take()
        head = (head + 1) & (storage.count - 1)
        count -= 1
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

    /// Keeps the capacity a power of two, so that an index wraps with a mask.
    private mutating func grow() {
        var larger: [Element?] = []
        larger.reserveCapacity(max(storage.count * 2, 8))
        for index in 0 ..< count { larger.append(storage[(head + index) & (storage.count - 1)]) }
        while larger.count < max(storage.count * 2, 8) { larger.append(nil) }
        storage = larger
        head = 0
    }
}
