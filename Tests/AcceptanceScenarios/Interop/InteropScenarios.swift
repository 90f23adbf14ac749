import AMQPConnection
import AdapterKit
import BrokerSupport

/// Messages between Pika and this library, through the real broker, in both directions.
///
/// The corpus holds all 14 properties, alone, together and each left out; every header type that Pika can send with the
/// ends of its range, and the tags that it only reads; bodies of 0, 1, frame_max - 8, frame_max - 7 and 1,048,576 bytes.
enum InteropScenarios {
    static let all: [AdapterCheck] = [
        .scenario("what-pika-publishes-arrives-equal", limit: .seconds(120)) { session in
            session.queue { channel, queue in
                session.onOtherThread {
                    try PikaPeer().corpus()
                } then: { corpus in
                    session.check.expect(corpus.count >= 90, "the corpus has \(corpus.count) messages only")
                    var received = 0
                    channel.basicConsume(
                        queue,
                        onMessage: { channel, delivery in
                            channel.basicAck(delivery.tag)
                            guard received < corpus.count else { return session.check.fail("one message too many") }
                            if let difference = corpus[received].difference(from: delivery) {
                                session.check.fail(difference)
                            }
                            received += 1
                            if received == corpus.count { session.finish() }
                        })
                    session.onOtherThread {
                        try PikaPeer().publish(to: queue)
                    } then: { _ in
                    }
                }
            }
        },
        .scenario("what-is-published-here-arrives-in-pika-equal", limit: .seconds(120)) { session in
            session.sharedQueue { channel, queue in
                session.onOtherThread {
                    try PikaPeer().corpus()
                } then: { corpus in
                    let confirmed = Countdown(corpus.count) { session.expectInPika(corpus, from: queue) }
                    for message in corpus {
                        session.publishForPika(message.body, message.properties, on: channel, queue, confirmed)
                    }
                }
            }
        },
        .scenario("what-pika-published-and-is-forwarded-here-keeps-its-types", limit: .seconds(120)) { session in
            session.sharedQueue { channel, outbound in
                session.onOtherThread {
                    try PikaPeer().corpus()
                } then: { corpus in
                    channel.queueDeclare(exclusive: true) { result in
                        guard let inbound = session.value(result, "queue.declare")?.queue else { return }
                        let confirmed = Countdown(corpus.count) { session.expectInPika(corpus, from: outbound) }
                        channel.basicConsume(
                            inbound, autoAck: true,
                            onMessage: { channel, delivery in
                                let properties = try delivery.properties
                                session.publishForPika(delivery.body, properties, on: channel, outbound, confirmed)
                            })
                        session.onOtherThread {
                            try PikaPeer().publish(to: inbound)
                        } then: { _ in
                        }
                    }
                }
            }
        },
    ]
}

extension Session {
    /// Opens a channel in confirm mode and declares a queue that other connections may consume from; the broker removes
    /// it when nobody has used it for five minutes.
    fileprivate func sharedQueue(_ body: @escaping (Channel, String) -> Void) {
        channel { [self] channel in
            channel.queueDeclare(uniqueName("interop"), arguments: ["x-expires": 300_000]) { [self] result in
                guard let queue = value(result, "queue.declare")?.queue else { return }
                channel.confirmSelect { [self] result in
                    guard value(result, "confirm.select") != nil else { return }
                    body(channel, queue)
                }
            }
        }
    }

    fileprivate func publishForPika(
        _ body: some MessageBody, _ properties: MessageProperties, on channel: Channel, _ queue: String,
        _ confirmed: Countdown
    ) {
        do {
            try channel.basicPublish(body, routingKey: queue, properties: properties, mandatory: true) {
                [check] outcome in
                if case .confirmed = outcome {} else { check.fail("a publish ended with \(outcome)") }
                confirmed.countDown()
            }
        } catch {
            check.fail("a publish was refused: \(error)")
        }
    }

    /// Pika consumes from the queue; what comes there must be the corpus, line for line.
    fileprivate func expectInPika(_ corpus: [CorpusMessage], from queue: String) {
        onOtherThread {
            try PikaPeer().consume(corpus.count, from: queue)
        } then: { [self] lines in
            check.expectEqual(lines.count, corpus.count, "messages in Pika")
            for (message, line) in zip(corpus, lines) where message.line != line {
                check.fail("\(message.line.prefix(300)) came as \(line.prefix(300))")
            }
            finish()
        }
    }
}
