import AMQPConnection

/// What comes by itself and is waited for, with a limit: deliveries, returned messages, cancels. Any thread may use it.
public final class Inbox<Element: Sendable>: Sendable {
    private struct State: Sendable {
        var elements: [Element] = []
        var end: Result<Element?, AMQPError>?
        var waiter: (id: UInt64, continuation: CheckedContinuation<Result<Element?, AMQPError>, Never>)?
        var lastID: UInt64 = 0
        var isFetching = false
    }

    private let state = Guarded(State())
    /// Asks for one element more; called when somebody waits and nothing is under way.
    private let fetch: (@Sendable (Inbox) -> Void)?

    /// Makes an empty one.
    ///
    /// - Parameter fetch: called when somebody waits for an element, for faces that give them when they are asked to.
    init(fetch: (@Sendable (Inbox) -> Void)? = nil) {
        self.fetch = fetch
    }

    /// How many elements wait to be taken.
    var count: Int { state.withLock { $0.elements.count } }

    func put(_ element: Element) {
        let waiter = state.withLock { state in
            state.isFetching = false
            let waiter = state.waiter.take()
            if waiter == nil { state.elements.append(element) }
            return waiter
        }
        waiter?.continuation.resume(returning: .success(element))
    }

    /// Nothing comes any more: in good order, or for a reason.
    func end(_ reason: AMQPError?) {
        let end: Result<Element?, AMQPError> = reason.map { .failure($0) } ?? .success(nil)
        let waiter = state.withLock { state in
            if state.end == nil { state.end = end }
            return state.waiter.take()
        }
        waiter?.continuation.resume(returning: end)
    }

    /// Takes the next element.
    ///
    /// One task at a time waits.
    ///
    /// - Parameter limit: how long to wait.
    /// - Returns: the element, or `nil` at an orderly end.
    /// - Throws: the reason of another end; ``AMQPError/Code/deadlineExceeded`` if nothing has come in time.
    func next(within limit: Duration = .seconds(20)) async throws(AMQPError) -> Element? {
        let (id, isFetchDue) = state.withLock { state in
            state.lastID += 1
            let isFetchDue = state.elements.isEmpty && state.end == nil && !state.isFetching
            if isFetchDue { state.isFetching = true }
            return (state.lastID, isFetchDue)
        }
        if isFetchDue { fetch?(self) }
        let alarm = Task {
            try? await Task.sleep(for: limit)
            if !Task.isCancelled { expire(id, limit) }
        }
        defer { alarm.cancel() }
        let result: Result<Element?, AMQPError> = await withCheckedContinuation { continuation in
            let ready = state.withLock { state -> Result<Element?, AMQPError>? in
                if !state.elements.isEmpty { return .success(state.elements.removeFirst()) }
                if let end = state.end { return end }
                state.waiter = (id, continuation)
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
        return try result.get()
    }

    private func expire(_ id: UInt64, _ limit: Duration) {
        let waiter = state.withLock { $0.waiter?.id == id ? $0.waiter.take() : nil }
        waiter?.continuation.resume(
            returning: .failure(AMQPError(.deadlineExceeded, blame: .deadline, "nothing came within \(limit)")))
    }
}
