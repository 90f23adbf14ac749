public import AMQPConnection
public import AMQPProtocol

extension AsyncChannel {
    /// Consumes with an `async` handler, up to `maxInFlight` messages at a time, each in a child task; it returns when the
    /// consumer is over and the last handler has come to its end.
    ///
    /// Each delivery is acknowledged when its handler returns. A close of the channel, also with its connection, first
    /// lets the handlers that are running come to their end, within ``Channel/requestTimeout`` (or the connection's
    /// deadline): a handler must not wait for one. It may cancel the consumer (``basicCancel(_:)``).
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - maxInFlight: how many deliveries are handled at a time; the broker is told by `basic.qos`, which also
    ///     holds for consumers that this channel starts later. Default: 1, and so in order.
    ///   - executor: where the handlers run; Swift's shared pool, or the task's own preference, if `nil`.
    ///   - consumerTag: the consumer's name on this channel; a unique one is made up if `nil`.
    ///   - exclusive: whether this is to be the queue's only consumer.
    ///   - arguments: the broker's extensions, for example `x-priority`.
    ///   - onFailure: what an error thrown by the handler leads to. Default: the message goes back to the queue.
    ///   - handler: called for each message. If the task that called this is cancelled, so are the handlers that run.
    /// - Throws: ``AMQPError``: as for ``Deliveries``; ``AMQPError/Code/invalidArgument`` if `maxInFlight` is 0. A cancelled
    ///   task ends the consumer, and then waits for the handlers that are running.
    public func consume(
        _ queue: String, maxInFlight: UInt16 = 1, on executor: (any TaskExecutor)? = nil, consumerTag: String? = nil,
        exclusive: Bool = false, arguments: FieldTable = [:], onFailure: HandlerErrorPolicy = .nack(requeue: true),
        handler: @escaping @Sendable (Delivery) async throws -> Void
    ) async throws(AMQPError) {
        let (jobs, line) = AsyncStream<HandlerJob>.makeStream()
        async let end = handled(
            until: { line.finish() },
            by: { channel, onCancel, completion in
                channel.consume(
                    queue, maxInFlight: maxInFlight, consumerTag: consumerTag, exclusive: exclusive,
                    arguments: arguments, onFailure: onFailure, onCancel: onCancel, completion: completion
                ) { delivery, ended in
                    // When the task has been cancelled, the line has ended, and what comes goes back to the queue.
                    if case .enqueued = line.yield(HandlerJob(delivery: delivery, ended: ended)) { true } else { false }
                }
            })
        await withDiscardingTaskGroup { group in
            for await job in jobs {
                group.addTask(executorPreference: executor) { await job.run(handler) }
            }
        }
        try await end.get()
    }

    /// Starts a consumer with a handler, and waits for its end.
    ///
    /// - Parameter isOver: called when it is over, and no handler will be started any more.
    private func handled(
        until isOver: @Sendable () -> Void, by start: @escaping HandlerWait.Start
    ) async -> Result<Void, AMQPError> {
        defer { isOver() }
        do throws(AMQPError) {
            return .success(
                try await seat.reply { (seat, pending: PendingReply<Void>) in
                    HandlerWait.begin(pending, on: seat, start)
                })
        } catch {
            return .failure(error)
        }
    }

    /// Consumes with a handler that may block, on threads of an executor's; it returns when the consumer is over. See
    /// ``Channel``'s `consume` for the parameters.
    ///
    /// - Throws: ``AMQPError``: as for ``Deliveries``. A cancelled task ends the consumer, and then waits for the handlers
    ///   that are running.
    public func consume(
        _ queue: String, on executor: any WorkExecutor, maxInFlight: UInt16 = 1, consumerTag: String? = nil,
        exclusive: Bool = false, arguments: FieldTable = [:], onFailure: HandlerErrorPolicy = .nack(requeue: true),
        handler: @escaping @Sendable (Delivery) throws -> Void
    ) async throws(AMQPError) {
        try await seat.reply { (seat, pending: PendingReply<Void>) in
            HandlerWait.begin(pending, on: seat) { channel, onCancel, completion in
                channel.consume(
                    queue, on: executor, maxInFlight: maxInFlight, consumerTag: consumerTag, exclusive: exclusive,
                    arguments: arguments, onFailure: onFailure, onCancel: onCancel, completion: completion,
                    handler: handler)
            }
        }
    }
}
