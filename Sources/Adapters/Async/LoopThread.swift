import AMQPConnection
import AMQPPosix

#if os(Linux)
import AMQPEpoll
#else
import AMQPPoll
#endif

/// A thread that runs a loop for connections made without one.
enum LoopThread {
    /// Ends the thread when the last user of its loop has gone.
    final class Keeper: Sendable {
        private let mailbox: Mailbox
        private let loop: LoopBound<any IOLoop>

        init(_ loop: any IOLoop) {
            mailbox = loop.mailbox
            self.loop = LoopBound(loop, on: loop)
        }

        deinit {
            // A loop that is closed has ended its thread already.
            try? loop.execute { $0.stop() }
        }
    }

    #if os(Linux)
    private static func makeLoop() throws(AMQPError) -> HostedLoop { try EpollLoop() }
    #else
    private static func makeLoop() throws(AMQPError) -> HostedLoop { PollLoop() }
    #endif

    /// Starts a thread with a loop, and gives its executor, which keeps both.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/systemCallFailed`` if the system has no thread or descriptor
    ///   left.
    static func start() async throws(AMQPError) -> IOLoopExecutor {
        let result: Result<IOLoopExecutor, AMQPError> = await withCheckedContinuation { continuation in
            do throws(SystemError) {
                try System.detachThread { run(continuation) }
            } catch {
                let error = AMQPError(
                    .systemCallFailed, blame: .transport, "no thread for a loop can be made", underlying: error)
                continuation.resume(returning: .failure(error))
            }
        }
        return try result.get()
    }

    /// The thread's body.
    private static func run(_ continuation: CheckedContinuation<Result<IOLoopExecutor, AMQPError>, Never>) {
        do throws(AMQPError) {
            let loop = try makeLoop()
            continuation.resume(returning: .success(IOLoopExecutor(loop, keeper: Keeper(loop))))
            loop.start()
            loop.close()
        } catch {
            continuation.resume(returning: .failure(error))
        }
    }
}
