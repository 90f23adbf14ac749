import AMQPConnection
import AdapterKit

/// What the broker refuses because of other entities or a message's properties: the code, and the method that failed.
enum RefusalScenarios {
    static let all: [AdapterCheck] = [
        .scenario("binding-to-a-missing-exchange-is-404") { session in
            session.queue { channel, queue in
                channel.queueBind(queue, exchange: "missing.\(session.uniqueName())") { result in
                    session.expectFailure(result, .channelClosedByBroker, replyCode: 404, method: .queueBind, "bind")
                    session.finish()
                }
            }
        },
        .scenario("binding-a-missing-queue-is-404") { session in
            session.channel { channel in
                channel.queueBind("missing.\(session.uniqueName())", exchange: "amq.fanout") { result in
                    session.expectFailure(result, .channelClosedByBroker, replyCode: 404, method: .queueBind, "bind")
                    session.finish()
                }
            }
        },
        .scenario("deleting-an-exchange-in-use-is-406-if-asked") { session in
            session.queue { channel, queue in
                let exchange = session.uniqueName()
                channel.exchangeDeclare(exchange, type: .fanout, autoDelete: true)
                channel.queueBind(queue, exchange: exchange) { result in
                    _ = session.value(result, "bind")
                    channel.exchangeDelete(exchange, ifUnused: true) { result in
                        session.expectFailure(
                            result, .channelClosedByBroker, replyCode: 406, method: .exchangeDelete, "delete")
                        session.finish()
                    }
                }
            }
        },
        .scenario("deleting-a-queue-in-use-is-406-if-asked") { session in
            session.queue { channel, queue in
                channel.basicConsume(queue, onMessage: { _, _ in }) { result in
                    _ = session.value(result, "consume")
                    channel.queueDelete(queue, ifUnused: true) { result in
                        session.expectFailure(
                            result, .channelClosedByBroker, replyCode: 406, method: .queueDelete, "delete")
                        session.finish()
                    }
                }
            }
        },
        .scenario("deleting-what-does-not-exist-is-fine") { session in
            session.channel { channel in
                channel.queueDelete("missing.\(session.uniqueName())") { result in
                    session.check.expectEqual(session.value(result, "queue.delete")?.messageCount, 0, "count")
                    channel.exchangeDelete("missing.\(session.uniqueName())") { result in
                        _ = session.value(result, "exchange.delete")
                        session.finish()
                    }
                }
            }
        },
        .scenario("publishing-as-another-user-is-406") { session in
            expectRefusedPublish(session, MessageProperties(userID: "somebody-else"))
        },
        .scenario("an-expiration-that-is-no-number-is-406") { session in
            expectRefusedPublish(session, MessageProperties(expiration: "soon"))
        },
    ]

    /// Publishes a message whose properties the broker must answer with 406.
    private static func expectRefusedPublish(_ session: Session, _ properties: MessageProperties) {
        session.queue { channel, queue in
            channel.onClose { _, error in
                session.expect(error, .channelClosedByBroker, replyCode: 406, method: .basicPublish, "onClose")
                session.check.expect(channel.connection.isOpen, "the connection suffered")
                session.finish()
            }
            do {
                try channel.basicPublish("x", routingKey: queue, properties: properties)
            } catch {
                session.check.fail("publish threw \(error)")
                session.finish()
            }
        }
    }
}
