internal import AMQPPosix

/// What a loop did between two of its callbacks, as far as it can be known from outside.
struct LoopActivity {
    /// A moment in a callback of the loop's.
    struct Mark {
        let thread = System.currentThread
        let processorTime = System.threadProcessorTime
        let sleepCount = System.threadSleepCount
        let turnCount: UInt64?

        init(_ host: LoopHost) { turnCount = host.turnCount?() }
    }

    /// The processor time of the loop's thread; `nil` if that has changed.
    let processorTime: Duration?
    /// How often the loop woke up: its thread or, if that has changed, its turns.
    let wakeUps: Int?

    init(from begin: Mark, to end: Mark) {
        // A queue gives its thread back when it has nothing to do; what that thread does then is not the loop's.
        let isSameThread = begin.thread == end.thread
        processorTime = isSameThread ? end.processorTime - begin.processorTime : nil
        var counts: [Int] = []
        if isSameThread, let first = begin.sleepCount, let last = end.sleepCount { counts.append(last - first) }
        if let first = begin.turnCount, let last = end.turnCount { counts.append(Int(clamping: last - first)) }
        wakeUps = counts.max()
    }

    /// Whether there is anything to judge by.
    var isKnown: Bool { processorTime != nil || wakeUps != nil }
}
