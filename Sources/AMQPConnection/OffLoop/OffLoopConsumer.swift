public import AMQPProtocol

/// A consumer whose handler runs on other threads; ``Channel/consume(_:on:maxInFlight:consumerTag:exclusive:arguments:onFailure:onCancel:completion:handler:)``
/// makes it. It belongs to the loop's thread, as its channel does.
public final class OffLoopConsumer {
    /// Starts the handler of a delivery elsewhere, and tells by the closure how it ended; `false` if it could not.
    package typealias Launch = (Delivery, _ ended: @escaping @Sendable (Result<Void, any Error>) -> Void) -> Bool

    /// The channel that it consumes on.
    public let channel: Channel
    /// The consumer's name on the channel.
    public internal(set) var consumerTag = ""
    /// How many handlers are running, or wait for a thread of the executor's.
    public private(set) var inFlightCount = 0

    private let limit: Int
    private let onFailure: HandlerErrorPolicy
    private let launch: Launch
    /// Deliveries beyond the limit: none from a broker that heeds `basic.qos`.
    private var waiting = RingBuffer<Delivery>()
    private var isDraining = false
    /// Whether it ended without the user's doing.
    private(set) var isOver = false
    private var drainCompletions: [() -> Void] = []

    init(_ channel: Channel, limit: Int, _ onFailure: HandlerErrorPolicy, _ launch: @escaping Launch) {
        self.channel = channel
        self.limit = limit
        self.onFailure = onFailure
        self.launch = launch
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
            if let completion {
                channel.attempt("a completion of basic.cancel") { try completion(answer) }
            } else if case .failure(let error) = answer {
                channel.connection.report(error)
            }
        }
        cancel(
            answered: { result in
                answer = result
                finish()
            },
            drained: {
                isDrained = true
                finish()
            })
    }

    /// Ends the consumer as ``cancel(completion:)`` does, and tells by itself what that waits for.
    ///
    /// - Parameters:
    ///   - answered: called exactly once, when the broker has confirmed (or refused) the cancel.
    ///   - drained: called exactly once, when no handler is running any more: at once if that is so already.
    package func cancel(
        answered: @escaping (Result<BasicCancelOK, AMQPError>) -> Void, drained: @escaping () -> Void
    ) {
        channel.basicCancel(consumerTag, completion: answered)
        drain { [self] in
            channel.offLoopConsumers.removeAll { $0 === self }
            drained()
        }
    }

    // MARK: Deliveries

    func received(_ delivery: Delivery) {
        if isDraining {
            // The cancel could not be sent. Given back alone, the message would come again and again.
            channel.basicReject(delivery.tag, requeue: true)
            channel.basicCancel(consumerTag) { _ in }
        } else if inFlightCount < limit {
            start(delivery)
        } else {
            waiting.append(delivery)
        }
    }

    private func start(_ delivery: Delivery) {
        let home = LoopBound(self, on: channel.connection.ioLoop)
        let isLaunched = launch(delivery) { outcome in
            // A loop that no longer exists has no connection to acknowledge on.
            try? home.execute { consumer in consumer.ended(delivery.tag, outcome) }
        }
        if isLaunched { inFlightCount += 1 } else { channel.basicReject(delivery.tag, requeue: true) }
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
        if isOver, inFlightCount == 0 { channel.offLoopConsumers.removeAll { $0 === self } }
        finishIfDrained()
    }

    /// The channel or the consumer is over: what no handler has seen goes elsewhere.
    func consumerEnded() {
        isOver = true
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
