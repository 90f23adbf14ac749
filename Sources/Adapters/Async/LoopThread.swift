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
        // The thread sanitizer does not see that a continuation orders what its two sides do; it sees this.
        let result = Guarded<Result<IOLoopExecutor, AMQPError>?>(nil)
        await withCheckedContinuation { continuation in
            let started: @Sendable (Result<IOLoopExecutor, AMQPError>) -> Void = { outcome in
                result.withLock { $0 = outcome }
                continuation.resume()
            }
            do throws(SystemError) {
                try System.detachThread { run(started) }
            } catch {
                started(
                    .failure(
                        AMQPError(
                            .systemCallFailed, blame: .transport, "no thread for a loop can be made", underlying: error)
                    ))
            }
        }
        guard let result = result.withLock({ $0.take() }) else {
            throw AMQPError(.loopClosed, blame: .application, "the loop's thread has not begun")
        }
        return try result.get()
    }

    /// The thread's body.
    private static func run(_ started: (Result<IOLoopExecutor, AMQPError>) -> Void) {
        do throws(AMQPError) {
            let loop = try makeLoop()
            started(.success(IOLoopExecutor(loop, keeper: Keeper(loop))))
            loop.start()
            loop.close()
        } catch {
            started(.failure(error))
        }
    }
}
