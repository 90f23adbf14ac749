public import AMQPConnection
import AMQPPosix

/// Runs actors and tasks on a loop's thread, so that they use its connections and channels directly.
///
/// An actor that returns it as its executor is on the loop whenever it runs: its methods call the continuation-passing API
/// without a hop, and callbacks may change its state.
///
/// ```swift
/// actor Collector {
///     nonisolated let executor: IOLoopExecutor
///     nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }
/// }
/// ```
///
/// As a task executor it keeps a task's nonisolated code on the loop: `Task(executorPreference: executor) { … }`. That is no
/// actor's isolation to Swift: each step of a `for await` in such a task costs two hops, a turn each, since it leaves for the
/// generic executor and comes back. An actor that is pinned to the loop pays none.
///
/// Jobs run in the loop's turns, among the callbacks of its mailbox; one that is posted in a turn runs in the next one. A
/// job that blocks its thread blocks the loop. When the loop has been closed and has run its last callback, jobs run
/// one after the other on a thread of the executor's own, so that tasks can end; the loop's objects are not to be used then.
public final class IOLoopExecutor: SerialExecutor, TaskExecutor {
    /// The thread-safe entrance of the loop.
    public let mailbox: Mailbox

    let loop: LoopBound<any IOLoop>
    /// What ends a loop's thread when nobody uses the loop any more.
    private let keeper: LoopThread.Keeper?
    /// Runs what is left when the loop has gone.
    private let afterlife = WorkerPool(threadCount: 1)

    /// Makes the executor of a loop; call it on the loop's thread.
    ///
    /// The program goes on running the loop. Several executors of one loop are equal.
    public convenience init(_ loop: any IOLoop) {
        self.init(loop, keeper: nil)
    }

    init(_ loop: any IOLoop, keeper: LoopThread.Keeper?) {
        self.mailbox = loop.mailbox
        self.loop = LoopBound(loop, on: loop)
        self.keeper = keeper
    }

    /// Calls `body` with the loop at once: for code that runs on it, such as an actor's that is pinned to it.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/loopWrongState`` if the calling thread is another one.
    public func withLoop<Result>(_ body: (any IOLoop) -> Result) throws(AMQPError) -> Result {
        try loop.withValue(body)
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        do {
            try mailbox.addCallbackThreadsafe { self.run(job) }
        } catch {
            // Not before the loop has run what it accepted, nor beside the jobs of other executors of the same loop.
            mailbox.afterlife.add({ self.run(job) }, on: afterlife)
        }
    }

    private func run(_ job: UnownedJob) {
        job.runSynchronously(isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
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
