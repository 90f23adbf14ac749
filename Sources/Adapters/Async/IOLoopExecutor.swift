public import AMQPConnection

/// Runs actors and tasks on a loop's thread, so that they use its connections and channels directly.
///
/// An actor that returns it as its executor is on the loop whenever it runs: its methods call the continuation-passing API
/// without a hop, and callbacks may change its state.
///
/// ```swift
/// actor Collector {
///     nonisolated let executor: IOLoopExecutor
///     nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
///
///     init(on executor: IOLoopExecutor) { self.executor = executor }
/// }
/// ```
///
/// Nonisolated code of a task is kept on the loop by its ``taskExecutor``.
///
/// Jobs run in the loop's turns, among the callbacks of its mailbox; one that is posted in a turn runs in the next one. A
/// job that blocks its thread blocks the loop. When the loop has been closed and has run its last callback, jobs run
/// one after the other on a thread of the executor's own, so that tasks can end; the loop's objects are not to be used then.
public final class IOLoopExecutor: SerialExecutor {
    /// Runs tasks that prefer the loop: `Task(executorPreference: executor.taskExecutor) { … }`.
    public let taskExecutor: IOLoopTaskExecutor

    let loop: LoopBound<any IOLoop>
    private let jobs: LoopJobs

    /// The thread-safe entrance of the loop.
    public var mailbox: Mailbox { jobs.mailbox }

    /// Makes the executor of a loop; call it on the loop's thread.
    ///
    /// The program goes on running the loop. Several executors of one loop are equal.
    public convenience init(_ loop: any IOLoop) {
        self.init(loop, keeper: nil)
    }

    init(_ loop: any IOLoop, keeper: LoopThread.Keeper?) {
        self.loop = LoopBound(loop, on: loop)
        self.jobs = LoopJobs(loop.mailbox, keeper: keeper)
        self.taskExecutor = IOLoopTaskExecutor(jobs)
    }

    /// Calls `body` with the loop at once: for code that runs on it, such as an actor's that is pinned to it.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/loopWrongState`` if the calling thread is another one.
    public func withLoop<Result>(_ body: (any IOLoop) -> Result) throws(AMQPError) -> Result {
        try loop.withValue(body)
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.post { job.runSynchronously(on: self.asUnownedSerialExecutor()) }
    }

    public func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(complexEquality: self)
    }

    /// Whether both run on the same loop.
    public func isSameExclusiveExecutionContext(other: IOLoopExecutor) -> Bool {
        mailbox === other.mailbox
    }

    /// Stops the program if the calling thread is not the loop's; `assumeIsolated` and its kind ask for it.
    public func checkIsolated() {
        precondition(mailbox.isCurrent, "this is not the thread of the actor's loop")
    }

    /// Whether the calling thread is the loop's.
    public func isIsolatingCurrentContext() -> Bool? {
        mailbox.isCurrent
    }
}
