#if NIO
import AMQPConnection
import NIOCore

/// The part of a ``FutureChannel`` that belongs to the event loop: the channel, and the queues of its consumers.
final class ChannelFutures {
    let channel: AMQPConnection.Channel
    let eventLoop: any EventLoop
    private var consumers: [String: ConsumerEntry] = [:]
    /// The consumers with handlers on other threads, and what their ends complete.
    private var workers: [String: (consumer: OffLoopConsumer, ended: EventLoopPromise<AMQPError>)] = [:]

    init(_ channel: AMQPConnection.Channel, on eventLoop: any EventLoop) {
        self.channel = channel
        self.eventLoop = eventLoop
    }

    /// Makes a future of a call that takes a completion.
    func future<Value: Sendable>(
        _ call: (AMQPConnection.Channel, @escaping (Result<Value, AMQPError>) -> Void) -> Void
    ) -> EventLoopFuture<Value> {
        if let refusal = channel.connection.loopRefusal { return eventLoop.makeFailedFuture(refusal) }
        let promise = eventLoop.makePromise(of: Value.self)
        call(channel) { promise.completeWith($0.mapError { $0 }) }
        return promise.futureResult
    }

    /// Why nothing can be sent on the channel; `nil` if it is open.
    func refusal(_ method: MethodID) -> AMQPError? {
        guard !channel.isOpen else { return nil }
        return AMQPError(.channelWrongState, blame: .application, "\(channel) is not open", method: method)
    }

    // MARK: Publishing

    func publish(
        _ body: some MessageBody, _ exchange: String, _ routingKey: String, _ properties: MessageProperties,
        mandatory: Bool
    ) -> EventLoopFuture<Void> {
        guard channel.isConfirming else {
            return eventLoop.makeCompletedFuture {
                _ = try channel.basicPublish(
                    body, exchange: exchange, routingKey: routingKey, properties: properties, mandatory: mandatory)
            }
        }
        let promise = eventLoop.makePromise(of: Void.self)
        do {
            try channel.basicPublish(
                body, exchange: exchange, routingKey: routingKey, properties: properties, mandatory: mandatory
            ) { outcome in
                switch outcome {
                case .confirmed: promise.succeed()
                case .nacked: promise.fail(PublishError.nacked)
                case .returned(let message): promise.fail(PublishError.unroutable(message))
                case .lost(let error): promise.fail(error)
                }
            }
        } catch {
            promise.fail(error)
        }
        return promise.futureResult
    }

    // MARK: Consuming

    func consume(_ consume: BasicConsume, limit: Int?) -> EventLoopFuture<FutureConsumer> {
        if let limit, limit < 1 {
            let reason = "limit is \(limit); 1 is the least"
            return eventLoop.makeFailedFuture(
                AMQPError(.invalidArgument, blame: .application, reason, method: .basicConsume))
        }
        if let refusal = channel.connection.loopRefusal { return eventLoop.makeFailedFuture(refusal) }
        let entry = ConsumerEntry(consume, limit: limit, on: eventLoop)
        let queue = entry.queue
        let promise = eventLoop.makePromise(of: FutureConsumer.self)
        var tag = consume.consumerTag
        tag = channel.basicConsume(
            consume.queue, consumerTag: tag.isEmpty ? nil : tag, autoAck: consume.noAck,
            exclusive: consume.exclusive, noLocal: consume.noLocal, arguments: consume.arguments,
            onCancel: { [weak self] _, error in self?.end(entry, error) },
            onMessage: { [weak self] _, delivery in self?.received(delivery, entry) },
            completion: { [weak self] result in
                switch result {
                case .success(let ok): promise.succeed(FutureConsumer(consumerTag: ok.consumerTag, queue: queue))
                case .failure(let error):
                    self?.end(entry, error)
                    promise.fail(error)
                }
            })
        // A tag that is in use is refused, and its consumer goes on.
        if consumers[tag] == nil { consumers[tag] = entry }
        return promise.futureResult
    }

    private func received(_ delivery: Delivery, _ entry: ConsumerEntry) {
        do {
            try entry.queue.put(delivery)
            entry.holdIfFull(channel.connection)
        } catch {
            // The program has closed the queue: given back alone, the messages would come again and again.
            giveBack([delivery], entry)
            if let tag = tag(of: entry) { _ = cancel(tag) }
        }
    }

    private func tag(of entry: ConsumerEntry) -> String? {
        consumers.first { $0.value === entry }?.key
    }

    /// Starts a consumer with a handler on other threads.
    func startWorker(
        _ start: (
            AMQPConnection.Channel, _ onCancel: @escaping (AMQPConnection.Channel, AMQPError) -> Void,
            _ completion: @escaping (Result<BasicConsumeOK, AMQPError>) -> Void
        ) -> OffLoopConsumer
    ) -> EventLoopFuture<FutureWorker> {
        if let refusal = channel.connection.loopRefusal { return eventLoop.makeFailedFuture(refusal) }
        let ended = eventLoop.makePromise(of: AMQPError.self)
        let started = eventLoop.makePromise(of: FutureWorker.self)
        var tag = ""
        let onCancel = { [weak self] (_: AMQPConnection.Channel, error: AMQPError) in
            self?.workers[tag] = nil
            ended.succeed(error)
        }
        var consumer: OffLoopConsumer?
        consumer = start(channel, onCancel) { [weak self] result in
            switch result {
            case .success:
                if let consumer { self?.workers[tag] = (consumer, ended) }
                started.succeed(FutureWorker(consumerTag: tag, ended: ended.futureResult))
            case .failure(let error):
                ended.succeed(error)
                started.fail(error)
            }
            consumer = nil
        }
        tag = consumer?.consumerTag ?? ""
        return started.futureResult
    }

    private func cancel(
        _ worker: (consumer: OffLoopConsumer, ended: EventLoopPromise<AMQPError>)
    ) -> EventLoopFuture<BasicCancelOK> {
        let tag = worker.consumer.consumerTag
        return future { _, completion in
            worker.consumer.cancel { [weak self] result in
                if case .success = result, self?.workers.removeValue(forKey: tag) != nil {
                    let reason = "consumer \"\(tag)\" was cancelled"
                    worker.ended.succeed(
                        AMQPError(.consumerCancelled, blame: .application, reason, method: .basicCancel))
                }
                completion(result)
            }
        }
    }

    func cancel(_ tag: String) -> EventLoopFuture<BasicCancelOK> {
        if let worker = workers[tag] { return cancel(worker) }
        let entry = consumers[tag]
        return future { channel, completion in
            channel.basicCancel(tag) { [weak self] result in
                if case .success = result, let entry {
                    let reason = "consumer \"\(tag)\" was cancelled"
                    self?.end(entry, AMQPError(.consumerCancelled, blame: .application, reason, method: .basicCancel))
                }
                completion(result)
            }
        }
    }

    func delete(_ name: String, ifUnused: Bool, ifEmpty: Bool) -> EventLoopFuture<QueueDeleteOK> {
        future { channel, completion in
            channel.queueDelete(name, ifUnused: ifUnused, ifEmpty: ifEmpty) { [weak self] result in
                if case .success = result { self?.deleted(name) }
                completion(result)
            }
        }
    }

    private func deleted(_ name: String) {
        let reason = "queue \"\(name)\" was deleted"
        let error = AMQPError(.consumerCancelled, blame: .application, reason, method: .queueDelete)
        for entry in consumers.values where entry.source == name { end(entry, error) }
    }

    private func end(_ entry: ConsumerEntry, _ error: AMQPError) {
        if let tag = tag(of: entry) { consumers[tag] = nil }
        giveBack(entry.close(error), entry)
    }

    /// Messages that nobody will take go back to their queue.
    private func giveBack(_ deliveries: [Delivery], _ entry: ConsumerEntry) {
        guard !entry.isAutoAck, channel.isOpen else { return }
        for delivery in deliveries { channel.basicNack(delivery.tag, requeue: true) }
    }

    /// The channel is over.
    func closed(_ error: AMQPError) {
        for entry in consumers.values { entry.close(error) }
        consumers = [:]
        for worker in workers.values { worker.ended.succeed(error) }
        workers = [:]
    }
}

@available(*, unavailable)
extension ChannelFutures: Sendable {}
#endif
