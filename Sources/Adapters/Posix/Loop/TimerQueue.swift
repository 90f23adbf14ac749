import AMQPConnection

/// A loop's timers, earliest first: a binary heap in which every timer knows its place, so cancelling is O(log n) too.
final class TimerQueue {
    private struct Entry {
        let deadline: LoopInstant
        let sequence: UInt64
        let timer: LoopTimer

        func isBefore(_ other: Entry) -> Bool {
            deadline == other.deadline ? sequence < other.sequence : deadline < other.deadline
        }
    }

    private var heap: [Entry] = []
    private var postponed: [Entry] = []

    /// The number that the next timer gets.
    private(set) var nextSequence: UInt64 = 0

    var count: Int { heap.count }

    /// The earliest deadline.
    var earliest: LoopInstant? { heap.first?.deadline }

    /// Adds a timer.
    func add(_ deadline: LoopInstant, _ callback: @escaping () -> Void) -> LoopTimer {
        let timer = LoopTimer(deadline: deadline, sequence: nextSequence, callback: callback)
        nextSequence &+= 1
        insert(Entry(deadline: deadline, sequence: timer.sequence, timer: timer))
        return timer
    }

    /// Takes out all timers that are due and were made before the timer `limit`, and appends them in order.
    func takeDue(at now: LoopInstant, before limit: UInt64, into due: inout [LoopTimer]) {
        while let first = heap.first, first.deadline <= now {
            remove(first.timer)
            if first.sequence < limit { due.append(first.timer) } else { postponed.append(first) }
        }
        for entry in postponed { insert(entry) }
        postponed.removeAll(keepingCapacity: true)
    }

    /// Takes a timer out; does nothing if it is not in the queue.
    func remove(_ timer: LoopTimer) {
        let position = timer.position
        timer.position = -1
        timer.queue = nil
        guard heap.indices.contains(position), heap[position].timer === timer else { return }
        let last = heap.removeLast()
        guard position < heap.count else { return }
        place(last, at: position)
        siftDown(position)
        siftUp(position)
    }

    /// Forgets all timers; none of them runs any more.
    func removeAll() {
        let timers = heap
        heap = []
        for entry in timers {
            entry.timer.position = -1
            entry.timer.queue = nil
        }
        for entry in timers { entry.timer.cancel() }
    }

    private func insert(_ entry: Entry) {
        entry.timer.queue = self
        heap.append(entry)
        place(entry, at: heap.count - 1)
        siftUp(heap.count - 1)
    }

    private func place(_ entry: Entry, at position: Int) {
        heap[position] = entry
        entry.timer.position = position
    }

    private func siftUp(_ start: Int) {
        var child = start
        let entry = heap[child]
        while child > 0 {
            let parent = (child - 1) / 2
            guard entry.isBefore(heap[parent]) else { break }
            place(heap[parent], at: child)
            child = parent
        }
        place(entry, at: child)
    }

    private func siftDown(_ start: Int) {
        var parent = start
        let entry = heap[parent]
        while true {
            var child = 2 * parent + 1
            guard child < heap.count else { break }
            if child + 1 < heap.count, heap[child + 1].isBefore(heap[child]) { child += 1 }
            guard heap[child].isBefore(entry) else { break }
            place(heap[child], at: parent)
            parent = child
        }
        place(entry, at: parent)
    }
}
