public import AMQPConnection

/// A fixed number of threads for work that takes long or blocks, so that no loop has to wait for it.
///
/// ```swift
/// let pool = WorkerPool(threadCount: 4)
/// channel.consume("jobs", on: pool, maxInFlight: 4) { delivery in try work(delivery.text) }
/// ```
///
/// Threads are made when they are first needed, and wait when there is nothing to do. Dropping the pool lets the work that
/// it has taken be finished, then ends its threads.
public final class WorkerPool: WorkExecutor {
    private let queue = BlockingQueue<@Sendable () -> Void>()
    private let threads = Guarded(0)

    /// The number of threads at most.
    public let threadCount: Int

    /// Makes a pool.
    ///
    /// - Parameter threadCount: the number of threads, at least 1 (less counts as 1). Default: 4.
    public init(threadCount: Int = 4) {
        self.threadCount = max(1, threadCount)
    }

    deinit {
        queue.close()
    }

    /// Runs `work` on one of the threads, in the order of the calls as far as one thread goes.
    ///
    /// If the system has no thread left, and the pool has none yet, the work runs on a thread of the next call that
    /// gets one.
    public func submit(_ work: @escaping @Sendable () -> Void) {
        guard queue.put(work) == true else { return }
        let needsThread = threads.withLock { count in
            guard count < threadCount else { return false }
            count += 1
            return true
        }
        guard needsThread else { return }
        do {
            try System.detachThread { [queue] in
                while let work = queue.take() { work() }
            }
        } catch {
            threads.withLock { $0 -= 1 }
        }
    }
}
