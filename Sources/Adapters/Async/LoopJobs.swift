import AMQPConnection
import AMQPPosix

/// The way of Swift's jobs to a loop: through its mailbox, and elsewhere when the loop has gone.
final class LoopJobs: Sendable {
    let mailbox: Mailbox
    /// What ends a loop's thread when nobody uses the loop any more.
    private let keeper: LoopThread.Keeper?
    /// Runs what is left when the loop has gone.
    private let afterlife = WorkerPool(threadCount: 1)

    init(_ mailbox: Mailbox, keeper: LoopThread.Keeper?) {
        self.mailbox = mailbox
        self.keeper = keeper
    }

    /// Has a job run in a turn of the loop's.
    func post(_ run: @escaping @Sendable () -> Void) {
        do {
            try mailbox.addCallbackThreadsafe(run)
        } catch {
            // Not before the loop has run what it accepted, nor beside the jobs of other executors of the same loop.
            mailbox.afterlife.add(run, on: afterlife)
        }
    }
}
