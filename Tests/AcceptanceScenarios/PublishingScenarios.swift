import AMQPConnection
import AdapterKit

/// Publishing, confirms and returns.
enum PublishingScenarios {
    static let all: [AdapterCheck] = [
        .scenario("a-thousand-publishes-are-confirmed-and-arrive-in-order") { session in
            let count = 1000
            session.queue { channel, queue in
                var confirmed = 0
                var received = 0
                let done = Countdown(2 * count) {
                    session.check.expectEqual(channel.unconfirmedCount, 0, "unconfirmed")
                    session.finish()
                }
                channel.basicConsume(
                    queue, autoAck: true,
                    onMessage: { _, delivery in
                        session.check.expectEqual(delivery.text, "message \(received)", "order")
                        received += 1
                        done.countDown()
                    })
                channel.confirmSelect { _ in
                    for index in 0 ..< count {
                        session.publish("message \(index)", on: channel, routingKey: queue) { outcome in
                            if case .confirmed = outcome {} else { session.check.fail("publish \(index): \(outcome)") }
                            confirmed += 1
                            done.countDown()
                        }
                    }
                    session.check.expectEqual(confirmed, 0, "outcomes inside basicPublish")
                }
            }
        },
        .scenario("bodies-of-all-sizes-come-back-equal", limit: .seconds(60)) { session in
            let sizes = [
                0, 1, 4095, 8184, 8185, 16_383, 16_384, 131_063, 131_064, 131_065, 262_128, 1_048_576, 3_000_001,
            ]
            session.queue { channel, queue in
                var expected = sizes.map { size in (0 ..< size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ size) } }
                channel.basicConsume(
                    queue,
                    onMessage: { channel, delivery in
                        guard !expected.isEmpty else { return session.check.fail("one message too many") }
                        let body = expected.removeFirst()
                        session.check.expect(
                            delivery.body.elementsEqual(body), "a body of \(body.count) bytes came back different")
                        channel.basicAck(delivery.tag)
                        if expected.isEmpty { session.finish() }
                    })
                for (index, body) in expected.enumerated() {
                    if index % 2 == 0 {
                        session.publish(body, on: channel, routingKey: queue)
                    } else {
                        session.publish(ByteSlice(body), on: channel, routingKey: queue)
                    }
                }
            }
        },
        .scenario("a-body-of-128-mebibytes-comes-back-equal", limit: .seconds(120)) { session in
            // A pattern that repeats at no power of two, so that a piece in the wrong place is another piece.
            let pattern = (0 ..< 1_000_003).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
            var bytes: [UInt8] = []
            bytes.reserveCapacity(135 * pattern.count)
            for _ in 0 ..< 135 { bytes += pattern }
            let body = ByteSlice(bytes)[..<134_217_728]
            session.queue { channel, queue in
                let done = Countdown(2) { session.finish() }
                channel.basicConsume(
                    queue,
                    onMessage: { channel, delivery in
                        session.check.expectEqual(delivery.body.count, body.count, "size")
                        session.check.expect(delivery.body == body, "the body came back different")
                        channel.basicAck(delivery.tag)
                        done.countDown()
                    })
                channel.confirmSelect { _ in
                    session.publish(body, on: channel, routingKey: queue) { outcome in
                        if case .confirmed = outcome {} else { session.check.fail("outcome \(outcome)") }
                        done.countDown()
                    }
                }
            }
        },
        .scenario("a-small-frame-max-cuts-bodies") { session in
            var parameters = session.parameters
            parameters.frameMax = 4096
            session.connect(parameters) { connection in
                session.check.expectEqual(connection.tuned?.frameMax, 4096, "frame-max")
                session.channel(on: connection) { channel in
                    channel.queueDeclare(exclusive: true) { result in
                        guard let queue = session.value(result, "declare")?.queue else { return }
                        var left = [4087, 4088, 4089, 100_000]
                        channel.basicConsume(
                            queue, autoAck: true,
                            onMessage: { _, delivery in
                                session.check.expectEqual(delivery.body.count, left.removeFirst(), "size")
                                if left.isEmpty { session.finish() }
                            })
                        for size in left {
                            session.publish([UInt8](repeating: 7, count: size), on: channel, routingKey: queue)
                        }
                    }
                }
            }
        },
        .scenario("an-unroutable-mandatory-message-is-returned-before-its-outcome") { session in
            session.channel { channel in
                var events: [String] = []
                channel.onReturn { _, message in
                    session.check.expectEqual(message.replyCode, 312, "reply code")
                    session.check.expectEqual(message.replyText, "NO_ROUTE", "reply text")
                    session.check.expectEqual(message.routingKey, "nowhere.at.all", "routing key")
                    session.check.expectEqual(message.body.text, "come back", "body")
                    events.append("return")
                }
                channel.confirmSelect { _ in
                    do {
                        try channel.basicPublish("come back", routingKey: "nowhere.at.all", mandatory: true) {
                            outcome in
                            guard case .returned(let message) = outcome else {
                                return session.check.fail("outcome \(outcome)")
                            }
                            session.check.expectEqual(message.body.text, "come back", "returned body")
                            session.check.expectEqual(events, ["return"], "events before the outcome")
                            session.finish()
                        }
                    } catch {
                        session.check.fail("publish threw \(error)")
                    }
                }
            }
        },
        .scenario("returns-mixed-with-confirms-go-to-their-own-publishes") { session in
            session.queue { channel, queue in
                let count = 200
                let done = Countdown(count) { session.finish() }
                channel.confirmSelect { _ in
                    for index in 0 ..< count {
                        let isRoutable = index % 3 != 0
                        do {
                            try channel.basicPublish(
                                "\(index)", routingKey: isRoutable ? queue : "nowhere.\(index)", mandatory: true
                            ) { outcome in
                                switch outcome {
                                case .confirmed where isRoutable: break
                                case .returned(let message) where !isRoutable:
                                    session.check.expectEqual(message.body.text, "\(index)", "returned message")
                                default: session.check.fail("publish \(index): \(outcome)")
                                }
                                done.countDown()
                            }
                        } catch {
                            session.check.fail("publish threw \(error)")
                        }
                    }
                }
            }
        },
        .scenario("returns-of-equal-bodies-are-told-apart-by-their-properties") { session in
            session.queue { channel, queue in
                let count = 100
                let exchange = session.uniqueName()
                let done = Countdown(count) { session.finish() }
                channel.exchangeDeclare(exchange, type: .headers, autoDelete: true)
                channel.queueBind(queue, exchange: exchange, routingKey: "", arguments: ["x-match": "all", "h": 1])
                channel.confirmSelect { _ in
                    for index in 0 ..< count {
                        let isRoutable = index % 2 == 0
                        do {
                            // The broker takes BCC out of what it gives back, and routes by it.
                            try channel.basicPublish(
                                "x", exchange: exchange, routingKey: "k",
                                properties: MessageProperties(
                                    headers: ["h": isRoutable ? 1 : 2, "BCC": .array([.text("nowhere")])]),
                                mandatory: true
                            ) { outcome in
                                switch outcome {
                                case .confirmed where isRoutable: break
                                case .returned where !isRoutable: break
                                default: session.check.fail("publish \(index): \(outcome)")
                                }
                                done.countDown()
                            }
                        } catch {
                            session.check.fail("publish threw \(error)")
                        }
                    }
                }
            }
        },
        .scenario("an-overflowing-queue-nacks") { session in
            session.queue(arguments: ["x-max-length": 1, "x-overflow": "reject-publish"]) { channel, queue in
                var outcomes: [String] = []
                channel.confirmSelect { _ in
                    for index in 0 ..< 3 {
                        session.publish("\(index)", on: channel, routingKey: queue) { outcome in
                            switch outcome {
                            case .confirmed: outcomes.append("confirmed \(index)")
                            case .nacked: outcomes.append("nacked \(index)")
                            default: session.check.fail("outcome \(outcome)")
                            }
                            guard outcomes.count == 3 else { return }
                            session.check.expectEqual(
                                outcomes.sorted(), ["confirmed 0", "nacked 1", "nacked 2"], "outcomes")
                            session.finish()
                        }
                    }
                }
            }
        },
        .scenario("publishes-in-flight-are-lost-with-their-channel") { session in
            session.channel { channel in
                var lost = 0
                channel.confirmSelect { _ in
                    for _ in 0 ..< 10 {
                        do {
                            try channel.basicPublish("x", exchange: "missing.exchange", routingKey: "") { outcome in
                                guard case .lost(let error) = outcome else {
                                    return session.check.fail("outcome \(outcome)")
                                }
                                session.expect(error, .channelClosedByBroker, replyCode: 404, "outcome")
                                lost += 1
                            }
                        } catch {
                            session.check.fail("publish threw \(error)")
                        }
                    }
                    channel.onClose { _, _ in
                        session.check.expectEqual(lost, 10, "outcomes before onClose")
                        session.finish()
                    }
                }
            }
        },
        .scenario("an-outcome-outside-confirm-mode-is-refused") { session in
            session.channel { channel in
                do throws(AMQPError) {
                    try channel.basicPublish("x", routingKey: "y") { _ in session.check.fail("an outcome came") }
                    session.check.fail("publish did not throw")
                } catch {
                    session.expect(error, .channelWrongState, "publish")
                }
                session.finish()
            }
        },
        .scenario("a-routing-key-of-more-than-255-bytes-is-refused-and-nothing-sent") { session in
            session.queue { channel, queue in
                channel.basicConsume(
                    queue, autoAck: true,
                    onMessage: { _, delivery in
                        session.check.expectEqual(delivery.text, "good", "the only message")
                        session.finish()
                    })
                let before = channel.connection.unsentByteCount
                do throws(AMQPError) {
                    try channel.basicPublish("bad", routingKey: String(repeating: "k", count: 256))
                    session.check.fail("publish did not throw")
                } catch {
                    session.expect(error, .invalidArgument, method: .basicPublish, "publish")
                }
                session.check.expectEqual(channel.connection.unsentByteCount, before, "bytes waiting")
                session.publish("good", on: channel, routingKey: queue)
            }
        },
        .scenario("a-committed-transaction-publishes-and-a-rolled-back-one-does-not") { session in
            session.queue { channel, queue in
                channel.txSelect { _ in
                    session.publish("rolled back", on: channel, routingKey: queue)
                    channel.txRollback { result in
                        _ = session.value(result, "rollback")
                        session.publish("committed", on: channel, routingKey: queue)
                        channel.txCommit { result in
                            _ = session.value(result, "commit")
                            channel.basicGet(queue, autoAck: true) { result in
                                let delivery = session.value(result, "get") ?? nil
                                session.check.expectEqual(delivery?.text, "committed", "message")
                                session.check.expectEqual(delivery?.messageCount, 0, "messages left")
                                session.finish()
                            }
                        }
                    }
                }
            }
        },
    ]
}

extension Session {
    /// Publishes; a refusal is a failure.
    func publish(
        _ body: some MessageBody, on channel: Channel, exchange: String = "", routingKey: String,
        properties: MessageProperties = .init(), mandatory: Bool = false,
        onOutcome: ((PublishOutcome) -> Void)? = nil
    ) {
        do {
            try channel.basicPublish(
                body, exchange: exchange, routingKey: routingKey, properties: properties, mandatory: mandatory,
                onOutcome: onOutcome)
        } catch {
            check.fail("publish threw \(error)")
        }
    }
}
