import AMQPConnection
import Synchronization

/// What waits between a loop and the readers of a consumer's deliveries: whole batches, so that lock and wake-up are paid
/// once a batch.
final class DeliveryBuffer: Sendable {
    typealias Continuation = CheckedContinuation<Result<DeliveryBatch?, AMQPError>, Never>

    private struct State {
        var batches: [DeliveryBatch] = []
        /// What was handed over and not read to its end.
        var byteCount = 0
        /// Whether the loop was told to hold the stream.
        var isHeld = false
        var waiters: [(id: UInt64, continuation: Continuation)] = []
        var nextID: UInt64 = 0
        /// How the sequence ends.
        var end: Result<Void, AMQPError>?

        /// Counts what was read.
        ///
        /// - Returns: whether the stream need not be held any more.
        mutating func release(_ readByteCount: Int, _ low: Int) -> Bool {
            byteCount -= readByteCount
            guard isHeld, byteCount <= low else { return false }
            isHeld = false
            return true
        }
    }

    /// Small batches are joined up to this, so that a slow reader does not meet one for each message.
    private static let joinLimit = 65_536

    private let state = Guarded(State())
    private let dropped = Atomic(false)
    private let high: Int
    private let low: Int

    init(high: Int, low: Int) {
        self.high = max(high, 0)
        self.low = min(max(low, 0), self.high)
    }

    /// Whether too much waits.
    var isHeld: Bool { state.withLock { $0.isHeld } }

    /// Whether what was handed over is not to be read any more: it belongs to the broker again.
    var isDropped: Bool { dropped.load(ordering: .relaxed) }

    /// How much was handed over and not read to its end.
    var byteCount: Int { state.withLock { $0.byteCount } }

    /// How many readers wait.
    var waiterCount: Int { state.withLock { $0.waiters.count } }

    // MARK: The loop's side

    /// Hands over a batch.
    ///
    /// - Returns: whether too much waits now.
    func put(_ batch: DeliveryBatch) -> Bool {
        let (waiter, isHeld) = state.withLock { state -> (Continuation?, Bool) in
            guard state.end == nil else { return (nil, false) }
            state.byteCount += batch.byteCount
            if state.byteCount > high { state.isHeld = true }
            if !state.waiters.isEmpty { return (state.waiters.removeFirst().continuation, state.isHeld) }
            if let last = state.batches.last, last.byteCount + batch.byteCount <= DeliveryBuffer.joinLimit {
                state.batches[state.batches.count - 1].deliveries += batch.deliveries
                state.batches[state.batches.count - 1].byteCount += batch.byteCount
            } else {
                state.batches.append(batch)
            }
            return (nil, state.isHeld)
        }
        waiter?.resume(returning: .success(batch))
        return isHeld
    }

    /// Nothing more will come.
    ///
    /// - Parameters:
    ///   - error: what the readers are told; `nil` is the sequence's plain end.
    ///   - dropsUnread: whether what was handed over is not to be read any more, neither what waits nor what is left of
    ///     the readers' batches.
    func end(_ error: AMQPError?, dropsUnread: Bool) {
        let end: Result<Void, AMQPError> = if let error { .failure(error) } else { .success(()) }
        let waiters = state.withLock { state -> [Continuation] in
            guard state.end == nil else { return [] }
            state.end = end
            if dropsUnread {
                state.batches = []
                // Under the lock: whoever sees it finds the end here.
                dropped.store(true, ordering: .relaxed)
            }
            defer { state.waiters = [] }
            return state.waiters.map(\.continuation)
        }
        for waiter in waiters { waiter.resume(returning: end.map { nil }) }
    }

    // MARK: The readers' side

    /// What a reader gets.
    enum Taken {
        case batch(DeliveryBatch)
        case end(Result<Void, AMQPError>)
        /// Nothing is there yet.
        case nothing
    }

    /// Takes the first batch.
    ///
    /// - Parameter readByteCount: what the reader has read to its end.
    /// - Returns: what there is, and whether the stream need not be held any more.
    func take(readByteCount: Int) -> (Taken, isReleased: Bool) {
        state.withLock { state in
            let isReleased = state.release(readByteCount, low)
            if !state.batches.isEmpty { return (.batch(state.batches.removeFirst()), isReleased) }
            if let end = state.end { return (.end(end), isReleased) }
            return (.nothing, isReleased)
        }
    }

    /// Waits for a batch; `nil` is the end.
    func wait() async -> Result<DeliveryBatch?, AMQPError> {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                add(continuation, id)
                // A task that was cancelled before it waited has not been found by the handler below.
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func add(_ continuation: Continuation, _ id: UInt64) {
        let ready = state.withLock { state -> Result<DeliveryBatch?, AMQPError>? in
            if !state.batches.isEmpty { return .success(state.batches.removeFirst()) }
            if let end = state.end { return end.map { nil } }
            state.waiters.append((id, continuation))
            return nil
        }
        if let ready { continuation.resume(returning: ready) }
    }

    private func cancel(_ id: UInt64) {
        let waiter = state.withLock { state -> Continuation? in
            guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
            return state.waiters.remove(at: index).continuation
        }
        waiter?.resume(returning: .failure(.cancelled))
    }

    /// A reader has left: what it has not read is the next reader's, unless it was dropped.
    ///
    /// - Returns: whether the stream need not be held any more.
    func giveBack(_ rest: DeliveryBatch, readByteCount: Int) -> Bool {
        state.withLock { state in
            if !rest.isEmpty, !isDropped { state.batches.insert(rest, at: 0) }
            return state.release(readByteCount, low)
        }
    }

    /// Takes all that was not read; nobody will read any more.
    func takeAll() -> [Delivery] {
        state.withLock { state in
            defer { state.batches = [] }
            return state.batches.flatMap(\.deliveries)
        }
    }
}
