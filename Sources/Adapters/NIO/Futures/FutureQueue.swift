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
        /// Whether so many items were stored that whoever puts them in was told to stop.
        var isHeld = false
    }

    /// The event loop of the futures.
    public let eventLoop: any EventLoop
    /// How many items may be stored; `nil` for any number.
    public let limit: Int?
    private let state = Guarded(State())
    /// At how many stored items whoever puts them in is told to stop, and what is called when half of them are gone.
    private let mark: (count: Int, whenHalved: @Sendable () -> Void)?

    /// Makes an empty queue.
    ///
    /// - Parameters:
    ///   - eventLoop: the event loop of the futures.
    ///   - limit: how many items may be stored; `nil` (the default) for any number.
    public init(on eventLoop: any EventLoop, limit: Int? = nil) {
        self.eventLoop = eventLoop
        self.limit = limit
        mark = nil
    }

    /// Makes an empty queue that refuses nothing, and says when it holds much.
    ///
    /// - Parameters:
    ///   - mark: at how many stored items ``isHeld`` becomes true.
    ///   - whenHalved: called on any thread, outside the queue's lock, when half of them have been taken after that, or the
    ///     queue is closed.
    init(on eventLoop: any EventLoop, mark: Int, whenHalved: @escaping @Sendable () -> Void) {
        self.eventLoop = eventLoop
        self.limit = nil
        self.mark = (mark, whenHalved)
    }

    deinit {
        let reason = AMQPError(.consumerCancelled, blame: .application, "the queue was dropped")
        for waiter in state.withLock({ $0.waiters }) { waiter.promise.fail(reason) }
    }

    /// The number of items that nobody has asked for yet.
    public var count: Int { state.withLock { $0.items.count } }

    /// The number of futures that have no item yet.
    public var waitingCount: Int { state.withLock { $0.waiters.count } }

    /// Whether as many items as the mark were stored, and not half of them have been taken since.
    var isHeld: Bool { state.withLock { $0.isHeld } }

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
            if let mark, state.items.count >= mark.count { state.isHeld = true }
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
        let (item, isHalved) = state.withLock { take(&$0) }
        if isHalved { mark?.whenHalved() }
        return item
    }

    /// Closes the queue; closing twice keeps the first reason.
    ///
    /// The consumer whose queue it is ends with the next message, which goes back to the broker's queue.
    ///
    /// - Returns: the items that were stored and are discarded, in order.
    @discardableResult
    public func close(_ reason: any Error) -> [Element] {
        let (waiters, items, wasHeld) = state.withLock { state -> ([Waiter], [Element], Bool) in
            guard state.reason == nil else { return ([], [], false) }
            state.reason = reason
            let wasHeld = state.isHeld
            state.isHeld = false
            defer {
                state.waiters.removeAll()
                state.items.removeAll()
            }
            return (Array(state.waiters), Array(state.items), wasHeld)
        }
        // Nobody takes half of them any more.
        if wasHeld { mark?.whenHalved() }
        for waiter in waiters { waiter.promise.fail(reason) }
        return items
    }

    /// The next item as a future, and the number of the waiting caller if it has to wait.
    func waitingOrStored() -> (future: EventLoopFuture<Element>, waiter: UInt64?) {
        let promise = eventLoop.makePromise(of: Element.self)
        let (result, id, isHalved) = state.withLock { state -> (Result<Element, any Error>?, UInt64?, Bool) in
            let (item, isHalved) = take(&state)
            if let item { return (.success(item), nil, isHalved) }
            if let reason = state.reason { return (.failure(reason), nil, false) }
            state.nextWaiter += 1
            state.waiters.append(Waiter(id: state.nextWaiter, promise: promise))
            return (nil, state.nextWaiter, false)
        }
        if isHalved { mark?.whenHalved() }
        if let result { promise.completeWith(result) }
        return (promise.futureResult, id)
    }

    /// The oldest item, and whether half of a full queue is gone with it.
    private func take(_ state: inout State) -> (item: Element?, isHalved: Bool) {
        guard let item = state.items.popFirst() else { return (nil, false) }
        guard state.isHeld, let mark, state.items.count <= mark.count / 2 else { return (item, false) }
        state.isHeld = false
        return (item, true)
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

    /// Makes the error of a queue that holds as many items as it may.
    ///
    /// - Parameter limit: how many items the queue may store.
    public init(limit: Int) {
        self.limit = limit
    }

    public var description: String { "the queue holds \(limit) items already" }
}
#endif
