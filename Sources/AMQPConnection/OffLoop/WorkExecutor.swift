/// Runs work somewhere else than on the loop's thread: a pool of threads, a dispatch queue, tasks.
///
/// `WorkerPool` of AMQPPosix is one; ``WorkExecutor/submitting(_:)`` makes one of anything that takes closures, and
/// ``WorkExecutor/tasks(on:)`` of Swift's own executors.
public protocol WorkExecutor: Sendable {
    /// Runs `work` exactly once, elsewhere: it must not block, and need not keep an order.
    func submit(_ work: @escaping @Sendable () -> Void)
}

/// A ``WorkExecutor`` made of a closure.
public struct SubmittingExecutor: WorkExecutor {
    private let body: @Sendable (@escaping @Sendable () -> Void) -> Void

    /// Makes an executor that hands its work to `body`.
    public init(_ body: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void) {
        self.body = body
    }

    /// Hands `work` to the closure.
    public func submit(_ work: @escaping @Sendable () -> Void) {
        body(work)
    }
}

extension WorkExecutor where Self == SubmittingExecutor {
    /// Hands the work to a closure: `.submitting { queue.async(execute: $0) }` runs it on a dispatch queue.
    public static func submitting(
        _ body: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void
    ) -> SubmittingExecutor {
        SubmittingExecutor(body)
    }

    /// Runs each piece of work as a task; what blocks for long does not belong there.
    ///
    /// - Parameter executor: where the tasks run; Swift's shared pool if `nil`.
    public static func tasks(on executor: (any TaskExecutor)? = nil) -> SubmittingExecutor {
        SubmittingExecutor { work in
            Task.detached(executorPreference: executor) { work() }
        }
    }
}
