internal import AMQPConnection

/// What a virtual loop has to do, earliest first; what is due at the same instant stays in the order of its making.
struct VirtualSchedule {
    private var heap: [VirtualTimer] = []

    /// The earliest instant at which something is due.
    mutating func earliest() -> LoopInstant? {
        while let first = heap.first, first.isCancelled { _ = popFirst() }
        return heap.first?.deadline
    }

    mutating func insert(_ timer: VirtualTimer) {
        heap.append(timer)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard Self.precedes(heap[child], heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes out everything that is due at `now`, in order.
    mutating func takeDue(at now: LoopInstant) -> [VirtualTimer] {
        var due: [VirtualTimer] = []
        while let deadline = earliest(), deadline <= now, let timer = popFirst() { due.append(timer) }
        return due
    }

    mutating func removeAll() { heap.removeAll() }

    private mutating func popFirst() -> VirtualTimer? {
        guard let last = heap.popLast() else { return nil }
        guard let first = heap.first else { return last }
        heap[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if Self.precedes(heap[child], heap[least]) { least = child }
            }
            guard least != parent else { return first }
            heap.swapAt(parent, least)
            parent = least
        }
    }

    private static func precedes(_ left: VirtualTimer, _ right: VirtualTimer) -> Bool {
        (left.deadline, left.sequence) < (right.deadline, right.sequence)
    }
}
