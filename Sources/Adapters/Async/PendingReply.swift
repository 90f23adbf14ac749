import AMQPConnection

// SAFETY: the task that waits makes it and hands it to the loop's thread, which alone touches it from then on.
/// What one task waits for: its continuation is resumed exactly once, on the loop's thread, where replies come and where
/// a cancel arrives too; so whichever of them is first decides, and nothing gets lost between them.
final class PendingReply<Value: Sendable>: @unchecked Sendable {
    private var continuation: CheckedContinuation<Result<Value, AMQPError>, Never>?
    private var isCancelled = false

    /// Takes back what is waited for; it leads to ``finish(_:)``. Set it after the request was made; it is not kept when
    /// the task has been resumed, since it would keep itself.
    var withdraw: (() -> Void)? {
        didSet { if continuation == nil { withdraw = nil } }
    }

    /// The task waits.
    ///
    /// - Returns: whether anything is to be done: it may have been cancelled before.
    func begin(_ continuation: CheckedContinuation<Result<Value, AMQPError>, Never>) -> Bool {
        self.continuation = continuation
        if isCancelled { finish(.failure(.cancelled)) }
        return !isCancelled
    }

    /// Resumes the task, unless it has been.
    func finish(_ result: Result<Value, AMQPError>) {
        withdraw = nil
        continuation.take()?.resume(returning: result)
    }

    /// The task was cancelled.
    func cancel() {
        isCancelled = true
        withdraw.take()?()
    }
}

extension AMQPError {
    /// The error of every await whose task was cancelled.
    static let cancelled = AMQPError(.cancelled, blame: .application, "the task was cancelled")
    /// The error of an await that no turn of the loop will answer.
    static let neverAnswered = AMQPError(.loopClosed, blame: .application, "the loop is closed, and answers nothing")
}

extension LoopBound {
    /// Starts something on the loop's thread, at once if this runs there, and waits for its reply.
    ///
    /// - Parameters:
    ///   - isCancellable: whether a cancelled task stops waiting; a close goes on waiting, within its deadline.
    ///   - start: called once on the loop's thread, unless the task was cancelled before; it finishes the reply it is given,
    ///     and sets what withdraws it.
    func reply<Reply: Sendable>(
        isCancellable: Bool = true, _ start: @escaping @Sendable (Value, PendingReply<Reply>) -> Void
    ) async throws(AMQPError) -> Reply {
        if isCancellable && Task.isCancelled { throw .cancelled }
        let pending = PendingReply<Reply>()
        let mailbox = self.mailbox
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                do throws(AMQPError) {
                    try perform { value in
                        if pending.begin(continuation) { start(value, pending) }
                    }
                    // What is not answered now waits for a turn, and a loop that is closed has none left, or its last.
                    if mailbox.isCurrent, mailbox.isClosed { pending.finish(.failure(.neverAnswered)) }
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        } onCancel: {
            // On a loop that is closed, whatever was under way has ended.
            if isCancellable { try? mailbox.addCallbackThreadsafe { pending.cancel() } }
        }
        return try result.get()
    }

    /// Runs `body` with the object: now if this is the loop's thread, else in a turn of its own.
    func perform(_ body: @escaping @Sendable (Value) -> Void) throws(AMQPError) {
        if mailbox.isCurrent {
            try withValue(body)
        } else {
            try execute(body)
        }
    }
}
