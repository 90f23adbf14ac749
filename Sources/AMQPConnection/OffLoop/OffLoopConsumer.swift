public import AMQPProtocol

/// A consumer whose handler runs on other threads; ``Channel/consume(_:on:maxInFlight:consumerTag:exclusive:arguments:onFailure:onCancel:completion:handler:)``
/// makes it. It belongs to the loop's thread, as its channel does.
public final class OffLoopConsumer {
    /// The channel that it consumes on.
    public let channel: Channel
    /// The consumer's name on the channel.
    public internal(set) var consumerTag = ""
    /// How many handlers are running, or wait for a thread of the executor's.
    public private(set) var inFlightCount = 0

    private let executor: any WorkExecutor
    private let limit: Int
    private let onFailure: HandlerErrorPolicy
    private let handler: @Sendable (Delivery) throws -> Void
    /// Deliveries beyond the limit: none from a broker that heeds `basic.qos`.
    private var waiting = RingBuffer<Delivery>()
    private var isDraining = false
    private var drainCompletions: [() -> Void] = []

    init(
        _ channel: Channel, _ executor: any WorkExecutor, limit: Int, _ onFailure: HandlerErrorPolicy,
        _ handler: @escaping @Sendable (Delivery) throws -> Void
    ) {
        self.channel = channel
        self.executor = executor
        self.limit = limit
        self.onFailure = onFailure
        self.handler = handler
    }

    /// Ends the consumer. Handlers that are running go on, and their deliveries are acknowledged when they return; those
    /// that no handler has seen go back to the queue.
    ///
    /// - Parameter completion: called exactly once, when the broker has confirmed (or refused) the cancel and no handler is
    ///   running any more.
    public func cancel(completion: ((Result<BasicCancelOK, AMQPError>) throws -> Void)? = nil) {
        var answer: Result<BasicCancelOK, AMQPError>?
        var isDrained = false
        let finish = { [self] in
            guard isDrained, let answer else { return }
            channel.offLoopConsumers.removeAll { $0 === self }
            if let completion {
                channel.attempt("a completion of basic.cancel") { try completion(answer) }
            } else if case .failure(let error) = answer {
                channel.connection.report(error)
            }
        }
        channel.basicCancel(consumerTag) { result in
            answer = result
            finish()
        }
        drain {
            isDrained = true
            finish()
        }
    }

    // MARK: Deliveries

    func received(_ delivery: Delivery) {
        if isDraining {
            channel.basicReject(delivery.tag, requeue: true)
        } else if inFlightCount < limit {
            start(delivery)
        } else {
            waiting.append(delivery)
        }
    }

    private func start(_ delivery: Delivery) {
        inFlightCount += 1
        let home = LoopBound(self, on: channel.connection.ioLoop)
        executor.submit { [handler] in
            let outcome = Result { try handler(delivery) }
            // A loop that no longer exists has no connection to acknowledge on.
            try? home.execute { consumer in consumer.ended(delivery.tag, outcome) }
        }
    }

    /// A handler has returned or thrown.
    private func ended(_ tag: UInt64, _ outcome: Result<Void, any Error>) {
        inFlightCount -= 1
        switch outcome {
        case .success: channel.basicAck(tag)
        case .failure(let error):
            channel.handlerFailed("the handler of consumer \"\(consumerTag)\"", tag, error, onFailure)
        }
        if !isDraining, inFlightCount < limit, let next = waiting.popFirst() { start(next) }
        finishIfDrained()
    }

    /// The channel or the consumer is over: what no handler has seen goes elsewhere.
    func forgetWaiting() {
        _ = waiting.removeAll()
    }

    // MARK: Draining

    /// Starts no handler any more, and calls `completion` once when none is running: at once if that is so already.
    func drain(_ completion: @escaping () -> Void) {
        isDraining = true
        for delivery in waiting.removeAll() { channel.basicReject(delivery.tag, requeue: true) }
        drainCompletions.append(completion)
        finishIfDrained()
    }

    private func finishIfDrained() {
        guard isDraining, inFlightCount == 0 else { return }
        let completions = drainCompletions
        drainCompletions = []
        for completion in completions { completion() }
    }
}

@available(*, unavailable)
extension OffLoopConsumer: Sendable {}
