import AMQPConnection
import AdapterKit

/// Typed arguments of queues, exchanges and consumers, and what they do.
enum ArgumentScenarios {
    static let all: [AdapterCheck] = [
        .scenario("an-expired-message-goes-to-the-dead-letter-exchange") { session in
            session.queue { channel, dead in
                let arguments = QueueArguments(
                    messageTTL: .milliseconds(20), deadLetterExchange: "", deadLetterRoutingKey: dead)
                session.declare(arguments, on: channel) { queue in
                    session.expectMessages(["late"], in: dead, on: channel) { deliveries in
                        let headers = try deliveries[0].properties.headers
                        let death = headers?["x-death"]?.arrayValue?.first?.tableValue
                        session.check.expectEqual(death?["reason"], "expired", "why it is dead")
                        session.check.expectEqual(death?["queue"], .text(queue), "where it died")
                        session.finish()
                    }
                    session.publish("late", on: channel, routingKey: queue)
                }
            }
        },
        .scenario("a-message's-own-expiration-counts") { session in
            session.queue { channel, dead in
                session.declare(QueueArguments(deadLetterExchange: "", deadLetterRoutingKey: dead), on: channel) {
                    queue in
                    session.expectMessages(["short"], in: dead, on: channel) { _ in session.finish() }
                    do {
                        let short = try MessageProperties().expiring(after: .milliseconds(1))
                        session.publish("short", on: channel, routingKey: queue, properties: short)
                    } catch {
                        session.check.fail("\(error)")
                    }
                }
            }
        },
        .scenario("an-unused-queue-expires") { session in
            session.channel { channel in
                let queue = session.uniqueName()
                func look(_ attempts: Int) {
                    session.channel(on: channel.connection) { looking in
                        looking.queueDeclare(queue, passive: true) { result in
                            if case .failure(let error) = result {
                                session.expect(error, .channelClosedByBroker, replyCode: 404, "passive declare")
                                return session.finish()
                            }
                            guard attempts > 0 else { return session.check.fail("the queue is still there") }
                            looking.close { _ in
                                session.loop.callLater(.milliseconds(300)) { look(attempts - 1) }
                            }
                        }
                    }
                }
                channel.queueDeclare(queue, arguments: QueueArguments(expires: .milliseconds(50))) { result in
                    guard session.value(result, "declare") != nil else { return }
                    session.loop.callLater(.milliseconds(300)) { look(40) }
                }
            }
        },
        .scenario("a-full-queue-that-drops-its-head-keeps-the-newest") { session in
            session.channel { channel in
                session.declare(QueueArguments(maxLength: 2, overflow: .dropHead), on: channel) { queue in
                    session.publishConfirmed(["1", "2", "3", "4"], to: queue, on: channel) {
                        session.expectMessages(["3", "4"], in: queue, on: channel) { _ in session.finish() }
                    }
                }
            }
        },
        .scenario("a-queue-that-is-full-by-bytes-refuses-publishes") { session in
            session.channel { channel in
                session.declare(QueueArguments(maxLengthBytes: 10, overflow: .rejectPublish), on: channel) { queue in
                    var outcomes: [String] = []
                    channel.confirmSelect { _ in
                        for body in ["0123456789", "x", "y"] {
                            session.publish(body, on: channel, routingKey: queue) { outcome in
                                switch outcome {
                                case .confirmed: outcomes.append("confirmed")
                                case .nacked: outcomes.append("nacked")
                                default: session.check.fail("outcome \(outcome)")
                                }
                                guard outcomes.count == 3 else { return }
                                session.check.expectEqual(outcomes.filter { $0 == "nacked" }.count, 2, "nacked")
                                session.finish()
                            }
                        }
                    }
                }
            }
        },
        .scenario("a-refused-publish-is-dead-lettered") { session in
            session.queue { channel, dead in
                let arguments = QueueArguments(
                    deadLetterExchange: "", deadLetterRoutingKey: dead, maxLength: 1, overflow: .rejectPublishDLX)
                session.declare(arguments, on: channel) { queue in
                    session.expectMessages(["2"], in: dead, on: channel) { _ in session.finish() }
                    session.publish("1", on: channel, routingKey: queue)
                    session.publish("2", on: channel, routingKey: queue)
                }
            }
        },
        .scenario("a-higher-priority-comes-first") { session in
            session.channel { channel in
                session.declare(QueueArguments(maxPriority: 9), on: channel) { queue in
                    channel.confirmSelect { _ in
                        let published = Countdown(4) {
                            session.expectMessages(["9", "5", "5", "1"], in: queue, on: channel) { _ in
                                session.finish()
                            }
                        }
                        for priority in [5, 1, 9, 5] as [UInt8] {
                            session.publish(
                                "\(priority)", on: channel, routingKey: queue,
                                properties: MessageProperties(priority: priority)
                            ) { _ in published.countDown() }
                        }
                    }
                }
            }
        },
        .scenario("only-the-single-active-consumer-gets-messages-until-it-goes") { session in
            session.channel { channel in
                session.declare(QueueArguments(singleActiveConsumer: true), on: channel) { queue in
                    var seen: [String] = []
                    func publish(_ bodies: [String]) {
                        for body in bodies { session.publish(body, on: channel, routingKey: queue) }
                    }
                    channel.basicConsume(
                        queue, consumerTag: "active", autoAck: true,
                        onMessage: { channel, delivery in
                            seen.append("active \(delivery.text)")
                            guard seen.count == 4 else { return }
                            channel.basicCancel("active") { _ in publish(["5", "6"]) }
                        })
                    channel.basicConsume(
                        queue, consumerTag: "waiting", autoAck: true,
                        onMessage: { _, delivery in
                            seen.append("waiting \(delivery.text)")
                            guard seen.count == 6 else { return }
                            let expected = (1 ... 4).map { "active \($0)" } + ["waiting 5", "waiting 6"]
                            session.check.expectEqual(seen, expected, "who got what")
                            session.finish()
                        }
                    ) { _ in publish(["1", "2", "3", "4"]) }
                }
            }
        },
        .scenario("a-consumer-of-higher-priority-is-served-first") { session in
            session.queue { channel, queue in
                var seen: [String] = []
                let handler: (String) -> (Channel, Delivery) -> Void = { name in
                    { _, _ in
                        seen.append(name)
                        guard seen.count == 4 else { return }
                        session.check.expectEqual(seen, Array(repeating: "high", count: 4), "who was served")
                        session.finish()
                    }
                }
                channel.basicConsume(
                    queue, arguments: ConsumerArguments(priority: -1), onMessage: handler("low"))
                channel.basicConsume(queue, arguments: ConsumerArguments(priority: 10), onMessage: handler("high")) {
                    _ in
                    for body in ["1", "2", "3", "4"] { session.publish(body, on: channel, routingKey: queue) }
                }
            }
        },
        .scenario("a-lazy-queue-takes-and-gives-messages") { session in
            session.channel { channel in
                session.declare(QueueArguments(type: .classic, mode: .lazy), on: channel) { queue in
                    session.publishConfirmed(["1", "2"], to: queue, on: channel) {
                        session.expectMessages(["1", "2"], in: queue, on: channel) { _ in session.finish() }
                    }
                }
            }
        },
        .scenario("what-an-exchange-cannot-route-goes-to-its-alternate") { session in
            session.queue { channel, queue in
                let (exchange, spare) = (session.uniqueName(), session.uniqueName())
                channel.exchangeDeclare(spare, type: .fanout, autoDelete: true)
                channel.queueBind(queue, exchange: spare)
                channel.exchangeDeclare(
                    exchange, autoDelete: true, arguments: ExchangeArguments(alternateExchange: spare)
                ) { result in
                    guard session.value(result, "declare") != nil else { return }
                    session.expectMessages(["astray"], in: queue, on: channel) { deliveries in
                        session.check.expectEqual(deliveries[0].exchange, exchange, "exchange")
                        channel.exchangeDelete(exchange) { _ in session.finish() }
                    }
                    do {
                        try channel.basicPublish("astray", exchange: exchange, routingKey: "nowhere")
                    } catch {
                        session.check.fail("publish threw \(error)")
                    }
                }
            }
        },
        .scenario("a-quorum-queue-dead-letters-what-is-delivered-too-often", limit: .seconds(60)) { session in
            session.queue { channel, dead in
                let queue = session.uniqueName("quorum")
                let arguments = QueueArguments(
                    type: .quorum, deadLetterExchange: "", deadLetterRoutingKey: dead, deadLetterStrategy: .atMostOnce,
                    overflow: .dropHead, deliveryLimit: 2, quorumInitialGroupSize: 1, leaderLocator: .clientLocal)
                channel.queueDeclare(queue, durable: true, arguments: arguments) { result in
                    guard session.value(result, "declare") != nil else { return }
                    var count = 0
                    channel.basicConsume(
                        queue,
                        onMessage: { channel, delivery in
                            count += 1
                            channel.basicReject(delivery.tag, requeue: true)
                        })
                    session.expectMessages(["poison"], in: dead, on: channel) { _ in
                        session.check.expectEqual(count, 3, "deliveries")
                        channel.queueDelete(queue) { _ in session.finish() }
                    }
                    session.publish("poison", on: channel, routingKey: queue)
                }
            }
        },
        .scenario("a-stream-is-read-from-the-first-and-from-any-message", limit: .seconds(60)) { session in
            session.channel { channel in
                let stream = session.uniqueName("stream")
                let arguments = QueueArguments(
                    type: .stream, maxLengthBytes: 1_000_000, leaderLocator: .clientLocal, initialClusterSize: 1,
                    maxAge: StreamInterval(1, .hours), maxSegmentSizeBytes: 100_000)
                func read(_ offset: StreamOffset, expect bodies: [String], _ then: @escaping () -> Void) {
                    var left = bodies
                    let tag = session.uniqueName("reader")
                    channel.basicConsume(
                        stream, consumerTag: tag, arguments: ConsumerArguments(streamOffset: offset),
                        onMessage: { channel, delivery in
                            channel.basicAck(delivery.tag)
                            guard !left.isEmpty else { return session.check.fail("one message too many") }
                            session.check.expectEqual(delivery.text, left.removeFirst(), "from \(offset)")
                            guard left.isEmpty else { return }
                            channel.basicCancel(tag) { _ in then() }
                        })
                }
                channel.queueDeclare(stream, durable: true, arguments: arguments) { result in
                    guard session.value(result, "declare") != nil else { return }
                    channel.basicQos(prefetchCount: 10)
                    session.publishConfirmed(["1", "2", "3"], to: stream, on: channel) {
                        read(.first, expect: ["1", "2", "3"]) {
                            read(.offset(1), expect: ["2", "3"]) {
                                read(.interval(StreamInterval(1, .hours)), expect: ["1", "2", "3"]) {
                                    read(.timestamp(0), expect: ["1", "2", "3"]) {
                                        channel.queueDelete(stream) { _ in session.finish() }
                                    }
                                }
                            }
                        }
                    }
                }
            }
        },
        .scenario("an-argument-that-the-broker-does-not-take-is-406") { session in
            session.channel { channel in
                channel.queueDeclare(session.uniqueName(), arguments: QueueArguments(type: "cubic")) { result in
                    session.expectFailure(
                        result, .channelClosedByBroker, replyCode: 406, method: .queueDeclare, "declare")
                    session.finish()
                }
            }
        },
    ]
}

extension Session {
    /// Declares a queue that ends with the connection.
    func declare(_ arguments: QueueArguments, on channel: Channel, _ then: @escaping (String) -> Void) {
        channel.queueDeclare(exclusive: true, arguments: arguments) { [self] result in
            if let queue = value(result, "declare")?.queue { then(queue) }
        }
    }

    /// Puts the channel into confirm mode and publishes; goes on when all are confirmed.
    func publishConfirmed(
        _ bodies: [String], to queue: String, on channel: Channel, _ then: @escaping () -> Void
    ) {
        channel.confirmSelect { [self] _ in
            let confirmed = Countdown(bodies.count, then: then)
            for body in bodies {
                publish(body, on: channel, routingKey: queue) { [self] outcome in
                    if case .confirmed = outcome {} else { check.fail("\(body): \(outcome)") }
                    confirmed.countDown()
                }
            }
        }
    }

    /// Consumes until these messages have come, in this order.
    func expectMessages(
        _ bodies: [String], in queue: String, on channel: Channel, _ then: @escaping ([Delivery]) throws -> Void
    ) {
        var seen: [Delivery] = []
        channel.basicConsume(
            queue, autoAck: true,
            onMessage: { [self] _, delivery in
                seen.append(delivery.copied())
                guard seen.count == bodies.count else { return }
                check.expectEqual(seen.map(\.text), bodies, "messages")
                try then(seen)
            })
    }
}
