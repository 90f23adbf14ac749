internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit

/// One session with everything in it, which always goes the same way: three channels, declarations, a consumer with early,
/// empty, small and large deliveries, one with typed arguments that refuses what it gets, `basic.get`, confirms of every
/// kind, a returned message, transactions, flow, recover, a new secret, a channel error, blocked and unblocked, heartbeats,
/// a consumer cancelled by the user and one by the broker, and an orderly close.
///
/// What the client does next depends only on what it has received, so however the broker's bytes are cut, the same
/// events come in the same order.
final class RichSession {
    let loop = VirtualLoop()
    let pipe: MemoryPipe
    let broker: MemoryBroker
    let log = SessionLog()
    private(set) weak var connection: Connection?
    private(set) weak var channel: Channel?
    /// How the session logs in and writes its log.
    var parameters = ConnectionParameters(connectionName: "rich")

    /// What the consumer receives, by delivery tag.
    private static let bodies: [UInt64: ByteSlice] = [
        1: ByteSlice(utf8: "early"), 2: [], 3: ByteSlice((0 ..< 5000).map { UInt8(truncatingIfNeeded: $0) }), 4: [42],
    ]

    init() {
        pipe = MemoryPipe(on: loop)
        broker = MemoryBroker(pipe.server)
        loop.onConnect = { [pipe] _, _ in .stream(pipe.client) }
        broker.onMethod = { [unowned self] in answer($0, $1, $2) }
        broker.onPublish = { [unowned self] in published($0, $1) }
    }

    /// Runs the session until nothing can happen any more.
    func run() {
        do {
            let connection = log.call {
                Connection(
                    parameters, on: loop, onOpen: { [self] in opened($0) },
                    onOpenError: { [log] _, error in log.add("connection open error: \(error.code)") },
                    onClose: { [log] _, error in log.add("connection closed: \(error.code)") })
            }
            self.connection = connection
            connection.onBlocked { [log] _, reason in log.add("blocked: \(reason)") }
            connection.onUnblocked { [log] _ in log.add("unblocked") }
            connection.onError { [log] _, error in log.add("error: \(error.code)") }
        }
        loop.run(until: { false }, limit: .seconds(600))
    }

    // MARK: The broker

    private func answer(_ broker: MemoryBroker, _ method: Method, _ channel: UInt16) -> Bool {
        switch method {
        case .queueDeclare(let declare) where declare.passive:
            let close = ChannelClose(
                replyCode: 404, replyText: "NOT_FOUND - no queue 'missing'", classID: 50, methodID: 10)
            broker.sendHeartbeat()
            broker.send(.channelClose(close), channel: channel)
        case .basicConsume(let consume) where consume.consumerTag == "first":
            deliver(broker, 1)
            broker.send(.basicConsumeOK(BasicConsumeOK(consumerTag: "first")), channel: channel)
            deliver(broker, 2)
            broker.sendHeartbeat()
            deliver(broker, 3)
            deliver(broker, 4)
        case .basicGet(let get) where get.queue == "full":
            broker.deliver(
                BasicGetOK(deliveryTag: 9, redelivered: true, exchange: "", routingKey: "full", messageCount: 7),
                body: ByteSlice(utf8: "got"), channel: channel)
        case .basicConsume(let consume) where consume.consumerTag == "typed":
            broker.send(.basicConsumeOK(BasicConsumeOK(consumerTag: "typed")), channel: channel)
            deliverToTyped(broker, 1)
        case .basicNack:
            deliverToTyped(broker, 2)
        case .channelClose:
            broker.sendHeartbeat()
            return false
        default:
            return answerRare(broker, method, channel)
        }
        return true
    }

    /// What few programs ask for.
    private func answerRare(_ broker: MemoryBroker, _ method: Method, _ channel: UInt16) -> Bool {
        switch method {
        case .channelFlow(let flow):
            broker.send(.channelFlowOK(ChannelFlowOK(active: flow.active)), channel: channel)
            // The broker asks as well.
            broker.send(.channelFlow(ChannelFlow(active: false)), channel: channel)
            broker.send(.channelFlow(ChannelFlow(active: true)), channel: channel)
        case .txSelect: broker.send(.txSelectOK(TxSelectOK()), channel: channel)
        case .txCommit: broker.send(.txCommitOK(TxCommitOK()), channel: channel)
        case .txRollback: broker.send(.txRollbackOK(TxRollbackOK()), channel: channel)
        case .basicRecover: broker.send(.basicRecoverOK(BasicRecoverOK()), channel: channel)
        case .connectionUpdateSecret: broker.send(.connectionUpdateSecretOK(ConnectionUpdateSecretOK()))
        default: return false
        }
        return true
    }

    private func deliverToTyped(_ broker: MemoryBroker, _ tag: UInt64) {
        broker.deliver(
            BasicDeliver(consumerTag: "typed", deliveryTag: tag, redelivered: tag > 1, exchange: "", routingKey: "t"),
            body: ByteSlice(utf8: "typed \(tag)"), channel: 3)
    }

    private func deliver(_ broker: MemoryBroker, _ tag: UInt64) {
        let deliver = BasicDeliver(
            consumerTag: "first", deliveryTag: tag, redelivered: tag == 2, exchange: "ex", routingKey: "key.\(tag)")
        let properties = MessageProperties(contentType: "text/plain", headers: ["n": .int64(Int64(tag))])
        broker.deliver(deliver, properties: properties, body: RichSession.bodies[tag] ?? [])
    }

    private func published(_ broker: MemoryBroker, _ message: MemoryBroker.Published) {
        switch message.method.routingKey {
        case "third":
            broker.send(.basicAck(BasicAck(deliveryTag: message.number, multiple: true)), channel: message.channel)
        case "refused":
            broker.send(.basicNack(BasicNack(deliveryTag: message.number)), channel: message.channel)
        case "nowhere":
            broker.deliver(
                BasicReturn(replyCode: 312, replyText: "NO_ROUTE", exchange: "ex", routingKey: "nowhere"),
                body: message.body, channel: message.channel)
            broker.send(.basicAck(BasicAck(deliveryTag: message.number)), channel: message.channel)
        case "alarm":
            broker.send(.connectionBlocked(ConnectionBlocked(reason: "low on memory")))
            broker.sendHeartbeat()
            broker.send(.connectionUnblocked(ConnectionUnblocked()))
            broker.send(.basicAck(BasicAck(deliveryTag: message.number)), channel: message.channel)
        case "last":
            broker.send(.basicCancel(BasicCancel(consumerTag: "first", noWait: true)), channel: message.channel)
        default:
            break
        }
    }

    // MARK: The client

    private func opened(_ connection: Connection) {
        log.add("connection open")
        log.call {
            connection.openChannel(completion: log.completion("channel 1 open") { [self] in declare($0) })
            connection.openChannel(completion: log.completion("channel 2 open") { [self] in fail($0) })
            connection.openChannel(completion: log.completion("channel 3 open") { [self] in transact($0) })
        }
    }

    /// The second channel: a passive declare fails, and with it all that waits behind it.
    private func fail(_ channel: Channel) {
        channel.onClose { [log] _, error in log.add("channel 2 closed: \(error.code) \(error.method?.name ?? "-")") }
        log.call {
            channel.queueDeclare("missing", passive: true, completion: log.completion("passive declare"))
            channel.basicQos(prefetchCount: 1, completion: log.completion("qos behind it"))
            channel.basicGet("full", completion: log.completion("get behind it"))
            channel.close(completion: log.completion("close behind it"))
        }
    }

    /// The third channel: flow, transactions, a consumer with typed arguments, recover, and a new secret.
    private func transact(_ channel: Channel) {
        channel.onClose { [log] _, error in log.add("channel 3 closed: \(error.code)") }
        channel.onFlow { [log] _, isActive in log.add("flow: \(isActive)") }
        log.call {
            channel.flow(active: true, completion: log.completion("flow"))
            channel.txSelect(completion: log.completion("tx select"))
            _ = try? channel.basicPublish("in a transaction", exchange: "ex", routingKey: "tx")
            channel.txCommit(completion: log.completion("tx commit"))
            channel.txRollback(completion: log.completion("tx rollback"))
            channel.basicConsume(
                "typed", consumerTag: "typed", arguments: ConsumerArguments(priority: 5),
                onMessage: { [self] in refuse($0, $1) }, completion: log.completion("consume typed"))
        }
    }

    private func refuse(_ channel: Channel, _ delivery: Delivery) {
        log.add("\(delivery): \(delivery.text)")
        log.call {
            guard delivery.tag > 1 else { return channel.basicNack(delivery.tag, requeue: true) }
            channel.basicRecover(completion: log.completion("recover"))
            connection?.updateSecret(
                RichSession.newSecret, reason: "a test", completion: log.completion("update secret"))
        }
    }

    /// What replaces the secret that the connection was opened with.
    static let newSecret = "another-s3cr3t"

    private func declare(_ channel: Channel) {
        self.channel = channel
        channel.onClose { [log] _, error in log.add("channel 1 closed: \(error.code)") }
        channel.onReturn { [log] _, message in log.add("returned: \(message)") }
        channel.onPublishOutcome { [log] _, sequence, outcome in log.add("outcome \(sequence): \(outcome.line)") }
        channel.onCancel { [self] channel, tag in
            log.add("cancelled: \(tag)")
            if let connection { log.call { connection.close(completion: log.completion("connection close")) } }
        }
        log.call {
            channel.exchangeDeclare("ex", type: .topic, completion: log.completion("exchange"))
            channel.queueDeclare("", exclusive: true, completion: log.completion("queue"))
            channel.queueBind("amq.gen-1", exchange: "ex", completion: log.completion("bind"))
            channel.basicQos(prefetchCount: 10, completion: log.completion("qos"))
            channel.basicConsume(
                "amq.gen-1", consumerTag: "first",
                onCancel: { [log] _, error in log.add("first ended: \(error.code)") },
                onMessage: { [self] in received($0, $1) },
                completion: log.completion("consume first") { [self] _ in consumeSecond(channel) })
        }
    }

    private func received(_ channel: Channel, _ delivery: Delivery) {
        let properties = (try? delivery.properties).map { "\($0)" } ?? "malformed"
        let isIntact = delivery.body == RichSession.bodies[delivery.tag]
        log.add("\(delivery), \(isIntact ? "intact" : "damaged"), \(properties)")
        log.call { channel.basicAck(delivery.tag) }
    }

    private func consumeSecond(_ channel: Channel) {
        log.call {
            channel.basicConsume(
                "other", consumerTag: "second", onCancel: { [log] _, _ in log.add("second ended") },
                onMessage: { [log] _, _ in log.add("a message for second") },
                completion: log.completion("consume second") { [self] _ in
                    log.call {
                        channel.basicCancel("second", completion: log.completion("cancel second"))
                        channel.basicGet(
                            "full",
                            completion: log.completion("get full") { [log] delivery in
                                log.add(
                                    "got \(delivery.map { "\($0.text), \($0.messageCount ?? 0) left" } ?? "nothing")")
                            })
                        channel.basicGet(
                            "empty",
                            completion: log.completion("get empty") { [log] delivery in
                                log.add("got \(delivery.map { "\($0.text)" } ?? "nothing")")
                            })
                        channel.confirmSelect(completion: log.completion("confirm") { [self] _ in publish(channel) })
                    }
                })
        }
    }

    private func publish(_ channel: Channel) {
        for (key, size) in [("first", 0), ("second", 10), ("third", 5000), ("refused", 1), ("alarm", 1)] {
            publish(channel, key, size: size)
        }
        publish(channel, "nowhere", size: 3, mandatory: true)
        publish(channel, "last", size: 1)
    }

    private func publish(_ channel: Channel, _ key: String, size: Int, mandatory: Bool = false) {
        do {
            let body = Array(repeating: UInt8(7), count: size)
            try log.call {
                _ = try channel.basicPublish(
                    body, exchange: "ex", routingKey: key, mandatory: mandatory, onOutcome: log.outcome(key))
            }
        } catch {
            log.refused(key)
        }
    }
}
