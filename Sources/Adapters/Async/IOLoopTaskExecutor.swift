import AMQPConnection

/// Keeps the nonisolated code of tasks on a loop's thread; ``IOLoopExecutor/taskExecutor`` is a loop's.
///
/// ```swift
/// Task(executorPreference: executor.taskExecutor) {
///     for try await delivery in try await channel.basicConsume("orders") { … }
/// }
/// ```
///
/// It is another object than the ``IOLoopExecutor`` because Swift has a job run for an actor or for a task's preference: with
/// one object for both, each `await` that names its executor would seem to need a change, and cost a turn of the loop.
/// A task that calls an actor on the same loop changes from the one to the other, and comes to the actor in a later turn.
public final class IOLoopTaskExecutor: TaskExecutor {
    private let jobs: LoopJobs

    init(_ jobs: LoopJobs) {
        self.jobs = jobs
    }

    public func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        jobs.post { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}
