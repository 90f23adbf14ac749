#if NIO
import AMQPConnection
public import NIOCore

/// A queue that gives its items as futures: what was put first goes to who asked first.
///
/// It is closed once, with a reason: whoever waits gets the reason, what was stored is discarded, and later calls fail with
/// the same reason. Any thread may use it; its futures belong to ``eventLoop``. It is also an `AsyncSequence`.
public final class FutureQueue<Element: Sendable>: Sendable {
    private struct Waiter: Sendable {
        var id: UInt64
        var promise: EventLoopPromise<Element>
    }

    private struct State: Sendable {
        var items = CircularBuffer<Element>()
        var waiters = CircularBuffer<Waiter>()
        var nextWaiter: UInt64 = 0
        var reason: (any Error)?
    }

    /// The event loop of the futures.
    public let eventLoop: any EventLoop
    /// How many items may be stored; `nil` for any number.
    public let limit: Int?
    private let state = Guarded(State())

    /// Makes an empty queue.
    ///
    /// - Parameters:
    ///   - eventLoop: the event loop of the futures.
    ///   - limit: how many items may be stored; `nil` (the default) for any number.
    public init(on eventLoop: any EventLoop, limit: Int? = nil) {
        self.eventLoop = eventLoop
        self.limit = limit
    }

    deinit {
        let reason = AMQPError(.consumerCancelled, blame: .application, "the queue was dropped")
        for waiter in state.withLock({ $0.waiters }) { waiter.promise.fail(reason) }
    }

    /// The number of items that nobody has asked for yet.
    public var count: Int { state.withLock { $0.items.count } }

    /// The number of futures that have no item yet.
    public var waitingCount: Int { state.withLock { $0.waiters.count } }

    /// Why the queue was closed; `nil` as long as it is open.
    public var closeReason: (any Error)? { state.withLock { $0.reason } }

    /// Whether the queue was closed.
    public var isClosed: Bool { closeReason != nil }

    /// Gives an item to who has waited longest, or stores it.
    ///
    /// - Throws: the reason why the queue was closed, or ``FutureQueueFull``; the item is dropped then.
    public func put(_ element: Element) throws {
        let waiter = try state.withLock { state throws -> Waiter? in
            if let reason = state.reason { throw reason }
            if let waiter = state.waiters.popFirst() { return waiter }
            if let limit, state.items.count >= limit { throw FutureQueueFull(limit: limit) }
            state.items.append(element)
            return nil
        }
        waiter?.promise.succeed(element)
    }

    /// The next item: stored already, or to come.
    ///
    /// - Returns: a future that fails with the reason why the queue was closed.
    public func get() -> EventLoopFuture<Element> {
        waitingOrStored().future
    }

    /// The next item if one is stored; `nil` if none is, or if the queue is closed.
    public func getNow() -> Element? {
        state.withLock { $0.items.popFirst() }
    }

    /// Closes the queue; closing twice keeps the first reason.
    ///
    /// - Returns: the items that were stored and are discarded, in order.
    @discardableResult
    public func close(_ reason: any Error) -> [Element] {
        let (waiters, items) = state.withLock { state -> ([Waiter], [Element]) in
            guard state.reason == nil else { return ([], []) }
            state.reason = reason
            defer {
                state.waiters.removeAll()
                state.items.removeAll()
            }
            return (Array(state.waiters), Array(state.items))
        }
        for waiter in waiters { waiter.promise.fail(reason) }
        return items
    }

    /// The next item as a future, and the number of the waiting caller if it has to wait.
    func waitingOrStored() -> (future: EventLoopFuture<Element>, waiter: UInt64?) {
        let promise = eventLoop.makePromise(of: Element.self)
        let (result, id) = state.withLock { state -> (Result<Element, any Error>?, UInt64?) in
            if let item = state.items.popFirst() { return (.success(item), nil) }
            if let reason = state.reason { return (.failure(reason), nil) }
            state.nextWaiter += 1
            state.waiters.append(Waiter(id: state.nextWaiter, promise: promise))
            return (nil, state.nextWaiter)
        }
        if let result { promise.completeWith(result) }
        return (promise.futureResult, id)
    }

    /// A caller waits no longer; its future fails, unless an item has come for it.
    func withdraw(_ id: UInt64, _ reason: any Error) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return nil }
            return state.waiters.remove(at: index)
        }
        waiter?.promise.fail(reason)
    }
}

/// The error for an item that a ``FutureQueue`` has no room for.
public struct FutureQueueFull: Error, Hashable, Sendable, CustomStringConvertible {
    /// How many items the queue may store.
    public let limit: Int

    public init(limit: Int) {
        self.limit = limit
    }

    public var description: String { "the queue holds \(limit) items already" }
}
#endif
