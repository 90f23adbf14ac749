import AMQPConnection

/// The threads that wait for the system's resolver, which knows no other way than to block.
///
/// There are at most eight in a process; each ends when nothing is left to resolve.
final class ResolverPool: Sendable {
    /// One name to resolve.
    struct Job: Sendable {
        var host: String
        var port: UInt16
        /// Asked before the work begins.
        var isWanted: @Sendable () -> Bool
        /// Called on one of the pool's threads, at most once.
        var completion: @Sendable (Result<[SocketAddress], SystemError>) -> Void
    }

    private struct State {
        var jobs: [Job] = []
        var threadCount = 0
    }

    static let shared = ResolverPool()

    private let state = Guarded(State())
    private let maximum = 8

    /// Resolves a name on one of the threads.
    func submit(_ job: Job) {
        let needsThread = state.withLock { state in
            state.jobs.append(job)
            guard state.threadCount < maximum else { return false }
            state.threadCount += 1
            return true
        }
        guard needsThread else { return }
        do {
            try System.detachThread { self.work() }
        } catch {
            // Whoever runs already gets to the job; if nobody does, nobody ever will.
            let orphans = state.withLock { state -> [Job] in
                state.threadCount -= 1
                guard state.threadCount == 0 else { return [] }
                defer { state.jobs = [] }
                return state.jobs
            }
            for orphan in orphans { orphan.completion(.failure(error)) }
        }
    }

    private func work() {
        while let job = next() {
            guard job.isWanted() else { continue }
            do {
                job.completion(.success(try System.addresses(of: job.host, port: job.port, numeric: false)))
            } catch {
                job.completion(.failure(error))
            }
        }
    }

    private func next() -> Job? {
        state.withLock { state in
            guard !state.jobs.isEmpty else {
                state.threadCount -= 1
                return nil
            }
            return state.jobs.removeFirst()
        }
    }
}
