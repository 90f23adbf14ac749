public import AMQPProtocol

extension Channel {
    /// Starts a consumer whose handler runs on other threads, however long it takes: the loop, with its heartbeats and
    /// other connections, goes on.
    ///
    /// Each delivery is acknowledged when its handler returns. ``close(replyCode:replyText:completion:)``, also that of
    /// the connection, first lets the handlers that are running come to their end, within ``requestTimeout`` (or the
    /// connection's deadline); what is not acknowledged by then goes back to the queue.
    ///
    /// - Parameters:
    ///   - queue: the queue; empty means the one that this channel declared last.
    ///   - executor: where handlers run, for example a `WorkerPool`, or `.submitting { queue.async(execute: $0) }`.
    ///   - maxInFlight: how many deliveries are handled at a time, at least 1; the broker is told by `basic.qos`, which
    ///     also holds for consumers that this channel starts later. Default: 1, and so in order.
    ///   - consumerTag: the consumer's name on this channel; a unique one is made up if `nil`.
    ///   - exclusive: whether this is to be the queue's only consumer.
    ///   - arguments: the broker's extensions, for example `x-priority`.
    ///   - onFailure: what an error thrown by the handler leads to. Default: the message goes back to the queue. With
    ///     ``HandlerErrorPolicy/report`` it stays unacknowledged, and the broker counts it as in flight.
    ///   - onCancel: called once when the consumer ends without the user's doing, as for a consumer on the loop.
    ///   - completion: called exactly once, with the broker's answer or the reason for failure
    ///     (``AMQPError/Code/invalidArgument`` if `maxInFlight` is 0).
    ///   - handler: called for each message, on the executor, up to `maxInFlight` at a time.
    @discardableResult
    public func consume(
        _ queue: String, on executor: any WorkExecutor, maxInFlight: UInt16 = 1, consumerTag: String? = nil,
        exclusive: Bool = false, arguments: FieldTable = [:], onFailure: HandlerErrorPolicy = .nack(requeue: true),
        onCancel: ((Channel, AMQPError) throws -> Void)? = nil,
        completion: ((Result<BasicConsumeOK, AMQPError>) throws -> Void)? = nil,
        handler: @escaping @Sendable (Delivery) throws -> Void
    ) -> OffLoopConsumer {
        consume(
            queue, maxInFlight: maxInFlight, consumerTag: consumerTag, exclusive: exclusive, arguments: arguments,
            onFailure: onFailure, onCancel: onCancel, completion: completion
        ) { delivery, ended in
            executor.submit { ended(Result { try handler(delivery) }) }
            return true
        }
    }

    /// Starts a consumer whose handler runs elsewhere, in whatever way.
    ///
    /// - Parameter launch: starts the handler of one delivery, and has the closure that it is given called once, on any
    ///   thread, with how that ended; if it returns `false`, the delivery goes back to the queue.
    package func consume(
        _ queue: String, maxInFlight: UInt16, consumerTag: String?, exclusive: Bool, arguments: FieldTable,
        onFailure: HandlerErrorPolicy, onCancel: ((Channel, AMQPError) throws -> Void)?,
        completion: ((Result<BasicConsumeOK, AMQPError>) throws -> Void)?, launch: @escaping OffLoopConsumer.Launch
    ) -> OffLoopConsumer {
        let consumer = OffLoopConsumer(self, limit: Int(maxInFlight), onFailure, launch)
        guard maxInFlight > 0 else {
            let reason = "maxInFlight is 0; 1 … 65535 are allowed"
            connection.refuse(AMQPError(.invalidArgument, blame: .application, reason), completion)
            return consumer
        }
        // A refusal of this one is that of the next one too, which tells it.
        basicQos(prefetchCount: maxInFlight) { _ in }
        consumer.consumerTag = basicConsume(
            queue, consumerTag: consumerTag, exclusive: exclusive, arguments: arguments,
            onCancel: { [weak self] channel, error in
                consumer.consumerEnded()
                // A close waits for handlers that are running.
                if consumer.inFlightCount == 0 { self?.offLoopConsumers.removeAll { $0 === consumer } }
                try onCancel?(channel, error)
            },
            onMessage: { _, delivery in consumer.received(delivery) },
            completion: { [weak self] result in
                if case .failure = result { self?.offLoopConsumers.removeAll { $0 === consumer } }
                if let completion {
                    try completion(result)
                } else if case .failure(let error) = result {
                    self?.connection.report(error)
                }
            })
        // Those that were cancelled by name have nobody else to remove them.
        offLoopConsumers.removeAll { $0.inFlightCount == 0 && consumers[$0.consumerTag] == nil }
        offLoopConsumers.append(consumer)
        return consumer
    }

    /// Lets the handlers that are running on other threads come to their end.
    ///
    /// - Returns: whether `completion` will be called, in a later turn: there are such handlers, and the channel is open.
    func drainOffLoop(_ completion: @escaping () -> Void) -> Bool {
        let busy = offLoopConsumers.filter { $0.inFlightCount > 0 }
        guard isOpen, !isDraining, !busy.isEmpty else { return false }
        isDraining = true
        for consumer in offLoopConsumers where !consumer.isOver && consumerTags.contains(consumer.consumerTag) {
            basicCancel(consumer.consumerTag)
        }
        var left = busy.count
        var timer: TimerHandle?
        let finish = { [weak self] in
            guard let self, self.isDraining else { return }
            self.isDraining = false
            timer?.cancel()
            completion()
        }
        timer = requestTimeout.map { connection.ioLoop.callLater($0, finish) }
        for consumer in busy {
            consumer.drain {
                left -= 1
                if left == 0 { finish() }
            }
        }
        return true
    }
}
