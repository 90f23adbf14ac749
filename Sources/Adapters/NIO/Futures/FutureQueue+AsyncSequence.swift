#if NIO
import AMQPConnection
import NIOCore

extension FutureQueue: AsyncSequence {
    /// Takes the items of a ``FutureQueue`` for a `for await` loop.
    ///
    /// What is stored already is taken without suspending. Several iterators share the items.
    public struct AsyncIterator: AsyncIteratorProtocol {
        private let queue: FutureQueue<Element>

        init(_ queue: FutureQueue<Element>) { self.queue = queue }

        /// The next item.
        ///
        /// - Returns: `nil` when the program itself has ended the consumer, its channel or its connection.
        /// - Throws: the reason why the queue was closed otherwise; `CancellationError` if the task is cancelled: no item
        ///   is lost by that.
        public mutating func next() async throws -> Element? {
            try Task.checkCancellation()
            if let item = queue.getNow() { return item }
            do {
                return try await queue.next()
            } catch let error as AMQPError where error.isOwnDoing {
                return nil
            }
        }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(self) }

    /// The next item, or `CancellationError` when the task is cancelled before it comes.
    private func next() async throws -> Element {
        let (future, waiter) = waitingOrStored()
        guard let waiter else { return try await future.get() }
        return try await withTaskCancellationHandler {
            try await future.get()
        } onCancel: {
            withdraw(waiter, CancellationError())
        }
    }
}

extension AMQPError {
    /// Whether this is the program's own orderly end of something.
    fileprivate var isOwnDoing: Bool {
        switch code {
        case .consumerCancelled: blame == .application
        case .channelClosedByClient, .connectionClosedByClient: true
        default: false
        }
    }
}
#endif
