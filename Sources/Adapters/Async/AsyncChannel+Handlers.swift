public import AMQPConnection
public import AMQPProtocol

extension AsyncChannel {
    /// Consumes with an `async` handler, up to `maxInFlight` messages at a time, each in a child task; it returns when the
    /// consumer is over and the last handler has come to its end.
    ///
    /// Each delivery is acknowledged when its handler returns.
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - maxInFlight: how many deliveries are handled at a time; told to the broker by `basic.qos`. Default: 1, and so in
    ///     order.
    ///   - executor: where the handlers run; Swift's shared pool, or the task's own preference, if `nil`.
    ///   - consumerTag: the consumer's name on this channel; a unique one is made up if `nil`.
    ///   - exclusive: whether this is to be the queue's only consumer.
    ///   - arguments: the broker's extensions, for example `x-priority`.
    ///   - onFailure: what an error thrown by the handler leads to. Default: the message goes back to the queue.
    ///   - handler: called for each message. If the task that called this is cancelled, so are the handlers that run.
    /// - Throws: ``AMQPError``: as for ``Deliveries``; ``AMQPError/Code/invalidArgument`` if `maxInFlight` is 0.
    public func consume(
        _ queue: String, maxInFlight: UInt16 = 1, on executor: (any TaskExecutor)? = nil, consumerTag: String? = nil,
        exclusive: Bool = false, arguments: FieldTable = [:], onFailure: HandlerErrorPolicy = .nack(requeue: true),
        handler: @escaping @Sendable (Delivery) async throws -> Void
    ) async throws(AMQPError) {
        guard maxInFlight > 0 else {
            throw AMQPError(.invalidArgument, blame: .application, "maxInFlight is 0; 1 … 65535 are allowed")
        }
        let deliveries = try await basicConsume(
            queue, prefetch: maxInFlight, consumerTag: consumerTag, exclusive: exclusive, arguments: arguments)
        let tag = deliveries.consumerTag
        let end: Result<Void, AMQPError> = await withDiscardingTaskGroup { group in
            do throws(AMQPError) {
                for try await delivery in deliveries {
                    group.addTask(executorPreference: executor) {
                        do {
                            try await handler(delivery)
                            self.basicAck(delivery.tag)
                        } catch {
                            self.tell {
                                $0.handlerFailed("the handler of consumer \"\(tag)\"", delivery.tag, error, onFailure)
                            }
                        }
                    }
                }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try end.get()
    }

    /// Consumes with a handler that may block, on threads of an executor's; it returns when the consumer is over. See ``Channel``'s `consume` for the parameters.
    ///
    /// - Throws: ``AMQPError``: as for ``Deliveries``. A cancelled task ends the consumer, and then waits for the handlers
    ///   that are running.
    public func consume(
        _ queue: String, on executor: any WorkExecutor, maxInFlight: UInt16 = 1, consumerTag: String? = nil,
        exclusive: Bool = false, arguments: FieldTable = [:], onFailure: HandlerErrorPolicy = .nack(requeue: true),
        handler: @escaping @Sendable (Delivery) throws -> Void
    ) async throws(AMQPError) {
        try await seat.reply { (seat, pending: PendingReply<Void>) in
            let channel = seat.channel
            let end = { (error: AMQPError) in
                pending.finish(error.isOrderlyEnd ? .success(()) : .failure(error))
            }
            let token = channel.onClose { _, error in end(error) }
            let consumer = channel.consume(
                queue, on: executor, maxInFlight: maxInFlight, consumerTag: consumerTag, exclusive: exclusive,
                arguments: arguments, onFailure: onFailure,
                onCancel: { _, error in
                    token.remove()
                    end(error)
                },
                completion: { result in
                    guard case .failure(let error) = result else { return }
                    token.remove()
                    pending.finish(.failure(error))
                },
                handler: handler)
            pending.withdraw = {
                token.remove()
                consumer.cancel { _ in pending.finish(.failure(.cancelled)) }
            }
        }
    }
}
