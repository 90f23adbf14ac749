import AMQPConnection

/// The threads that wait for the system's resolver, which knows no other way than to block.
///
/// At most eight work at a time; each ends when nothing is left to resolve. A thread whose name nobody waits for any more
/// cannot be ended either, so it does not count then: another may be made in its place, up to 32 in all.
final class ResolverPool: Sendable {
    typealias Outcome = Result<[SocketAddress], SystemError>

    /// One name to resolve.
    struct Job: Sendable {
        var host: String
        var port: UInt16
        /// Called on one of the pool's threads, at most once.
        var completion: @Sendable (Outcome) -> Void
    }

    /// What a job is known by.
    struct Ticket: Hashable, Sendable {
        fileprivate let number: UInt64
    }

    private struct State {
        var waiting: [(ticket: Ticket, job: Job)] = []
        /// What is being resolved, and whether somebody waits for it.
        var running: [Ticket: Bool] = [:]
        var threadCount = 0
        var lastNumber: UInt64 = 0

        /// The number of threads whose job nobody waits for.
        var forsakenCount: Int { running.values.count { !$0 } }

        /// Counts one thread more if the jobs that wait should have one, and says whether they should.
        mutating func takeThread() -> Bool {
            guard !waiting.isEmpty, threadCount < ResolverPool.maximumInAll,
                threadCount - forsakenCount < ResolverPool.maximum
            else {
                return false
            }
            threadCount += 1
            return true
        }
    }

    static let shared = ResolverPool { job throws(SystemError) in
        try System.addresses(of: job.host, port: job.port, numeric: false)
    }

    static let maximum = 8
    private static let maximumInAll = 32

    private let state = Guarded(State())
    private let resolve: @Sendable (Job) throws(SystemError) -> [SocketAddress]

    /// A pool of its own, over another resolver than the system's; for tests.
    init(_ resolve: @escaping @Sendable (Job) throws(SystemError) -> [SocketAddress]) {
        self.resolve = resolve
    }

    /// Resolves a name on one of the threads.
    @discardableResult
    func submit(_ job: Job) -> Ticket {
        let (ticket, needsThread) = state.withLock { state in
            state.lastNumber += 1
            let ticket = Ticket(number: state.lastNumber)
            state.waiting.append((ticket, job))
            return (ticket, state.takeThread())
        }
        if needsThread { makeThread() }
        return ticket
    }

    /// Nobody waits for a job any more; its completion may still be called if it has been resolved just now.
    func withdraw(_ ticket: Ticket) {
        let needsThread = state.withLock { state in
            state.waiting.removeAll { $0.ticket == ticket }
            guard state.running[ticket] != nil else { return false }
            state.running[ticket] = false
            return state.takeThread()
        }
        if needsThread { makeThread() }
    }

    private func makeThread() {
        do {
            try System.detachThread { self.work() }
        } catch {
            // Whoever runs already gets to the job; if nobody does, nobody ever will.
            let orphans = state.withLock { state -> [Job] in
                state.threadCount -= 1
                guard state.threadCount == 0 else { return [] }
                defer { state.waiting = [] }
                return state.waiting.map(\.job)
            }
            for orphan in orphans { orphan.completion(.failure(error)) }
        }
    }

    private func work() {
        while let (ticket, job) = next() {
            let outcome: Outcome
            do {
                outcome = .success(try resolve(job))
            } catch {
                outcome = .failure(error)
            }
            let isWanted = state.withLock { $0.running.removeValue(forKey: ticket) }
            if isWanted == true { job.completion(outcome) }
        }
    }

    private func next() -> (Ticket, Job)? {
        state.withLock { state in
            // While others were forsaken there may have come to be too many.
            guard !state.waiting.isEmpty, state.threadCount <= ResolverPool.maximum + state.forsakenCount else {
                state.threadCount -= 1
                return nil
            }
            let (ticket, job) = state.waiting.removeFirst()
            state.running[ticket] = true
            return (ticket, job)
        }
    }
}
