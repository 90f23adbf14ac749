import AMQPConnection

/// A call with a continuation, made while the broker stands still: its deadline has to end it.
public struct UnansweredOperation: Sendable {
    /// What a call is made on.
    struct Stage {
        /// A channel that no other call uses, with a request timeout of ``UnansweredOperation/limit``.
        var channel: Channel
        /// A connection whose parameters have that request timeout.
        var connection: Connection
        /// Parameters with that timeout for everything.
        var parameters: ConnectionParameters
    }

    /// The deadline of every call.
    static let limit = Duration.milliseconds(400)

    /// The type and the name of the public function or initialiser: `Channel.queueDeclare`.
    public let name: String
    /// Readies the channel while the broker answers.
    let prepare: @Sendable (Channel, @escaping () -> Void) -> Void
    /// Makes the call; the continuation hands over the reason why there was no answer.
    let call: @Sendable (Stage, @escaping (AMQPError?) -> Void) -> Void

    private init(
        _ name: String, prepare: @escaping @Sendable (Channel, @escaping () -> Void) -> Void = { $1() },
        _ call: @escaping @Sendable (Stage, @escaping (AMQPError?) -> Void) -> Void
    ) {
        self.name = name
        self.prepare = prepare
        self.call = call
    }

    /// A request on a channel.
    private static func request<Reply>(
        _ name: String, prepare: @escaping @Sendable (Channel, @escaping () -> Void) -> Void = { $1() },
        _ call: @escaping @Sendable (Channel, @escaping (Result<Reply, AMQPError>) -> Void) -> Void
    ) -> UnansweredOperation {
        UnansweredOperation("Channel.\(name)", prepare: prepare) { stage, end in
            call(stage.channel) { end($0.failure) }
        }
    }

    /// Every public call of the library that takes a continuation.
    public static let all: [UnansweredOperation] = [
        request("close") { $0.close(completion: $1) },
        request("queueDeclare") { $0.queueDeclare(exclusive: true, completion: $1) },
        request("queueBind") { $0.queueBind("q", exchange: "amq.fanout", completion: $1) },
        request("queueUnbind") { $0.queueUnbind("q", exchange: "amq.fanout", completion: $1) },
        request("queuePurge") { $0.queuePurge("q", completion: $1) },
        request("queueDelete") { $0.queueDelete("q", completion: $1) },
        request("exchangeDeclare") { $0.exchangeDeclare("unanswered", autoDelete: true, completion: $1) },
        request("exchangeDelete") { $0.exchangeDelete("unanswered", completion: $1) },
        request("exchangeBind") { $0.exchangeBind(destination: "d", source: "s", completion: $1) },
        request("exchangeUnbind") { $0.exchangeUnbind(destination: "d", source: "s", completion: $1) },
        request("basicQos") { $0.basicQos(prefetchCount: 1, completion: $1) },
        request("basicRecover") { $0.basicRecover(completion: $1) },
        request("basicConsume") { $0.basicConsume("q", onMessage: { _, _ in }, completion: $1) },
        request("basicCancel", prepare: consume) { $0.basicCancel("c", completion: $1) },
        request("basicGet") { $0.basicGet("q", completion: $1) },
        request("confirmSelect") { $0.confirmSelect(completion: $1) },
        request("txSelect") { $0.txSelect(completion: $1) },
        request("txCommit", prepare: select) { $0.txCommit(completion: $1) },
        request("txRollback", prepare: select) { $0.txRollback(completion: $1) },
        request("flow") { $0.flow(active: true, completion: $1) },
        request("accessRequest") { $0.accessRequest("/data", completion: $1) },
        publish("Channel.basicPublish") { channel, onOutcome throws(AMQPError) in
            _ = try channel.basicPublish("x", routingKey: "nowhere", onOutcome: onOutcome)
        },
        publish("Publisher.publish") { channel, onOutcome throws(AMQPError) in
            _ = try channel.publisher(routingKey: "nowhere").publish("x", onOutcome: onOutcome)
        },
        request("consume") { channel, end in
            channel.consume("q", on: .tasks(), completion: end, handler: { _ in })
        },
        UnansweredOperation("OffLoopConsumer.cancel") { stage, end in
            let consumer = stage.channel.consume("q", on: .tasks(), completion: { _ in }, handler: { _ in })
            consumer.cancel { end($0.failure) }
        },
        // More than the system takes for a broker that does not read.
        UnansweredOperation("Connection.flush") { stage, end in
            let channel = stage.channel
            _ = try? channel.basicPublish(Array(repeating: 0, count: 32 << 20), routingKey: "nowhere")
            channel.connection.flush(deadline: limit) { end($0.failure) }
        },
        UnansweredOperation("Connection.create") { stage, end in
            Connection.create(RetryingWorkflow([stage.parameters]), on: stage.connection.ioLoop) { end($0.failure) }
        },
        UnansweredOperation("Connection.openChannel") { stage, end in
            stage.connection.openChannel { end($0.failure) }
        },
        UnansweredOperation("Connection.channel") { stage, end in
            stage.connection.onError { _, error in if error.method == .channelOpen { end(error) } }
            stage.connection.channel { _ in end(nil) }
        },
        UnansweredOperation("Connection.updateSecret") { stage, end in
            stage.connection.updateSecret("secret", reason: "a test") { end($0.failure) }
        },
        UnansweredOperation("Connection.close") { stage, end in
            stage.channel.connection.close(deadline: limit) { end($0.failure) }
        },
        UnansweredOperation("Connection.init") { stage, end in
            _ = Connection(
                stage.parameters, on: stage.connection.ioLoop, onOpen: { _ in end(nil) },
                onOpenError: { end($1) })
        },
    ]

    /// Whether the call fills or ends the connection of its channel, so that the channel needs one of its own.
    var needsConnection: Bool { ["Connection.flush", "Connection.close"].contains(name) }

    /// A publish in confirm mode.
    private static func publish(
        _ name: String,
        _ call: @escaping @Sendable (Channel, @escaping (PublishOutcome) -> Void) throws(AMQPError) -> Void
    ) -> UnansweredOperation {
        UnansweredOperation(
            name,
            prepare: { channel, then in
                channel.confirmTimeout = limit
                channel.confirmSelect { _ in then() }
            }
        ) { stage, end in
            do throws(AMQPError) {
                try call(stage.channel) { outcome in
                    if case .lost(let error) = outcome { end(error) } else { end(nil) }
                }
            } catch {
                end(error)
            }
        }
    }

    @Sendable private static func consume(_ channel: Channel, _ then: @escaping () -> Void) {
        channel.queueDeclare(exclusive: true)
        channel.basicConsume("", consumerTag: "c", onMessage: { _, _ in }) { _ in then() }
    }

    @Sendable private static func select(_ channel: Channel, _ then: @escaping () -> Void) {
        channel.txSelect { _ in then() }
    }
}

extension Result {
    /// The error, if it is one.
    fileprivate var failure: Failure? {
        if case .failure(let error) = self { error } else { nil }
    }
}
