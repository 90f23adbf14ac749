import AMQPConnection
import AdapterKit

/// A broker that dies, or stands still, and comes back.
enum NodeFailureScenarios {
    static let all: [AdapterCheck] = [
        .onNode("a-killed-broker-loses-no-confirmed-message-and-the-others-are-told", limit: .seconds(90)) { node in
            let session = node.session
            let queue = session.uniqueName()
            session.channel { channel in
                var lost = 0
                channel.connection.onClose { _, error in
                    session.expect(error, .streamLost, "onClose")
                    session.check.expectEqual(lost, 10, "lost publishes before onClose")
                    node.command("restart") { drain(session, queue) }
                }
                channel.confirmSelect()
                channel.queueDeclare(queue, durable: true) { _ in
                    let stored = Countdown(50) {
                        node.command("pause") {
                            publish(10, on: channel, queue, session) { outcome in
                                if case .lost(let error) = outcome {
                                    session.expect(error, .streamLost, "outcome")
                                    lost += 1
                                } else {
                                    session.check.fail("outcome \(outcome)")
                                }
                            }
                            node.command("kill") {}
                        }
                    }
                    // The broker confirms messages that it has written, but a queue may still be in its memory only.
                    node.evaluate("mnesia:sync_log()") { _ in
                        publish(50, on: channel, queue, session) { outcome in
                            if case .confirmed = outcome {} else { session.check.fail("outcome \(outcome)") }
                            stored.countDown()
                        }
                    }
                }
            }
        },
        .onNode("a-broker-that-stands-still-is-given-up-and-found-again") { node in
            let session = node.session
            var parameters = session.parameters
            parameters.heartbeat = .seconds(1)
            session.connect(parameters) { connection in
                connection.onClose { _, error in
                    session.expect(error, .heartbeatTimeout, "onClose")
                    parameters.stackTimeout = .milliseconds(300)
                    session.connectExpectingFailure(parameters) { error in
                        session.expect(error, .deadlineExceeded, "onOpenError")
                        node.command("resume") { session.connect { _ in session.finish() } }
                    }
                }
                node.command("pause") {}
            }
        },
        .onNode("an-answer-behind-its-deadline-is-undone") { node in
            let session = node.session
            session.queue { channel, queue in
                node.command("pause") {
                    channel.requestTimeout = .milliseconds(200)
                    channel.basicConsume(
                        queue, consumerTag: "late",
                        onMessage: { _, _ in session.check.fail("the late consumer got a message") }
                    ) { result in
                        session.expectFailure(result, .deadlineExceeded, method: .basicConsume, "consume")
                        channel.requestTimeout = .seconds(10)
                        node.command("resume") {
                            // The cancel that undoes the consumer is in front of this.
                            channel.queueDeclare(queue, passive: true) { _ in
                                channel.queueDeclare(queue, passive: true) { result in
                                    session.check.expectEqual(
                                        session.value(result, "declare")?.consumerCount, 0, "consumers")
                                    session.check.expectEqual(channel.consumerTags, [], "consumer tags")
                                    session.finish()
                                }
                            }
                        }
                    }
                }
            }
        },
        .onNode("what-was-sent-to-a-broker-that-stood-still-is-answered-later") { node in
            let session = node.session
            session.queue { channel, queue in
                channel.confirmSelect { _ in
                    node.command("pause") {
                        let done = Countdown(101) { session.finish() }
                        for _ in 0 ..< 100 {
                            session.publish("x", on: channel, routingKey: queue) { outcome in
                                if case .confirmed = outcome {} else { session.check.fail("outcome \(outcome)") }
                                done.countDown()
                            }
                        }
                        channel.queueDeclare(exclusive: true) { result in
                            _ = session.value(result, "declare")
                            done.countDown()
                        }
                        node.command("resume") {}
                    }
                }
            }
        },
    ]

    private static func publish(
        _ count: Int, on channel: Channel, _ queue: String, _ session: Session,
        onOutcome: @escaping (PublishOutcome) -> Void
    ) {
        for index in 0 ..< count {
            session.publish(
                "\(index)", on: channel, routingKey: queue, properties: MessageProperties(deliveryMode: .persistent),
                onOutcome: onOutcome)
        }
    }

    /// Takes the 50 messages from a queue, in their order, and deletes it.
    private static func drain(_ session: Session, _ queue: String) {
        session.channel { channel in
            var received = 0
            channel.basicConsume(
                queue, autoAck: true,
                onMessage: { channel, delivery in
                    session.check.expectEqual(delivery.text, "\(received)", "message")
                    received += 1
                    guard received == 50 else { return }
                    channel.queueDelete(queue) { result in
                        session.check.expectEqual(session.value(result, "delete")?.messageCount, 0, "messages left")
                        session.finish()
                    }
                })
        }
    }
}
