import AMQPBlocking
import AMQPConnection
import AMQPPosix
import Dispatch

/// A thread with a ``BlockingConnection``: it makes the calls that are posted to it, and lets callbacks run in between.
final class BlockingThread: Sendable {
    typealias Job = @Sendable (BlockingSeat) -> Void

    private struct State: Sendable {
        var jobs: [Job] = []
        var isOver = false
    }

    private let state = Guarded(State())
    private let posted = DispatchSemaphore(value: 0)
    private let mailbox: BlockingMailbox

    private init(_ mailbox: BlockingMailbox) {
        self.mailbox = mailbox
    }

    /// Starts a thread that connects.
    static func start(_ candidates: [ConnectionParameters]) async throws(AMQPError) -> BlockingThread {
        let result: Result<BlockingThread, AMQPError> = await withCheckedContinuation { continuation in
            do throws(SystemError) {
                try System.detachThread {
                    do throws(AMQPError) {
                        let connection = try BlockingConnection(candidates)
                        let thread = BlockingThread(connection.mailbox)
                        continuation.resume(returning: .success(thread))
                        thread.work(BlockingSeat(connection))
                    } catch {
                        continuation.resume(returning: .failure(error))
                    }
                }
            } catch {
                continuation.resume(
                    returning: .failure(AMQPError(.systemCallFailed, blame: .transport, "no thread: \(error)")))
            }
        }
        return try result.get()
    }

    /// Has a call made on the thread, and waits for it.
    func run<Reply: Sendable>(
        _ call: @escaping @Sendable (BlockingSeat) throws(AMQPError) -> Reply
    ) async throws(AMQPError) -> Reply {
        let result: Result<Reply, AMQPError> = await withCheckedContinuation { continuation in
            post { seat in continuation.resume(returning: Result { () throws(AMQPError) in try call(seat) }) }
        }
        return try result.get()
    }

    /// Ends the thread, which drops the connection.
    func end() {
        state.withLock { $0.isOver = true }
        wake()
    }

    private func post(_ job: @escaping Job) {
        state.withLock { $0.jobs.append(job) }
        wake()
    }

    private func wake() {
        posted.signal()
        // A connection that is over takes none, and waits for the semaphore.
        try? mailbox.addCallbackThreadsafe { _ in }
    }

    private func work(_ seat: BlockingSeat) {
        while true {
            let (jobs, isOver) = state.withLock { state in
                defer { state.jobs = [] }
                return (state.jobs, state.isOver)
            }
            if isOver { return }
            for job in jobs {
                job(seat)
                seat.noticeEnds()
            }
            guard jobs.isEmpty else { continue }
            if seat.connection.isClosed { posted.wait() } else { seat.letCallbacksRun() }
        }
    }
}
