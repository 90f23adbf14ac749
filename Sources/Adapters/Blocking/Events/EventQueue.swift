/// Elements in the order in which they came; some can be taken out of the middle.
struct EventQueue<Element> {
    private var elements: [Element?] = []
    private var head = 0
    /// The number of elements that were taken from the front or removed, so that positions can be compared over time.
    private var taken = 0

    /// The number of elements.
    var count: Int { elements.count - head }

    var isEmpty: Bool { count == 0 }

    /// Where the next element will be; for ``popFirst(before:)``.
    var end: Int { taken + count }

    mutating func append(_ element: Element) {
        elements.append(element)
    }

    /// Takes the first element.
    mutating func popFirst() -> Element? {
        guard head < elements.count else { return nil }
        let element = elements[head].take()
        head += 1
        taken += 1
        if head == elements.count {
            elements.removeAll(keepingCapacity: true)
            head = 0
        } else if head >= 1024, head * 2 >= elements.count {
            elements.removeFirst(head)
            head = 0
        }
        return element
    }

    /// Takes the first element if it was there when ``end`` had this value.
    mutating func popFirst(before limit: Int) -> Element? {
        taken < limit ? popFirst() : nil
    }

    /// Takes out the first element that is meant.
    ///
    /// - Parameter seen: what ``end`` was when the elements before were found not to be meant. It is safe to look at some of
    ///   them again.
    mutating func takeFirst(since seen: Int = 0, where isMeant: (Element) -> Bool) -> Element? {
        let start = head + max(0, seen - taken)
        guard start < elements.count,
            let index = elements[start...].firstIndex(where: { $0.map(isMeant) ?? false })
        else { return nil }
        if index == head { return popFirst() }
        let element = elements.remove(at: index)
        taken += 1
        return element
    }

    /// Takes out all elements that are meant, in order.
    @discardableResult
    mutating func removeAll(where isMeant: (Element) -> Bool = { _ in true }) -> [Element] {
        var removed: [Element] = []
        var kept: [Element?] = []
        for element in elements[head...].compactMap({ $0 }) {
            if isMeant(element) { removed.append(element) } else { kept.append(element) }
        }
        elements = kept
        head = 0
        taken += removed.count
        return removed
    }
}
