import AMQPConnection
import AdapterKit

/// Queues, exchanges and bindings.
enum TopologyScenarios {
    static let all: [AdapterCheck] = [
        .scenario("the-broker-names-an-unnamed-queue") { session in
            session.channel { channel in
                channel.queueDeclare(exclusive: true) { result in
                    guard let declared = session.value(result, "declare") else { return }
                    session.check.expect(declared.queue.hasPrefix("amq.gen-"), "name \(declared.queue)")
                    channel.queueDelete(declared.queue) { result in
                        session.check.expectEqual(session.value(result, "delete")?.messageCount, 0, "count")
                        session.finish()
                    }
                }
            }
        },
        .scenario("a-queue-is-declared-bound-purged-unbound-and-deleted") { session in
            session.queue { channel, queue in
                let exchange = session.uniqueName()
                channel.exchangeDeclare(exchange, type: .topic, autoDelete: true) { result in
                    _ = session.value(result, "exchange.declare")
                    channel.queueBind(queue, exchange: exchange, routingKey: "a.*") { result in
                        _ = session.value(result, "bind")
                        channel.confirmSelect { _ in
                            let confirmed = Countdown(2) {
                                channel.queuePurge(queue) { result in
                                    session.check.expectEqual(
                                        session.value(result, "purge")?.messageCount, 1, "purged")
                                    channel.queueUnbind(queue, exchange: exchange, routingKey: "a.*") { result in
                                        _ = session.value(result, "unbind")
                                        session.finish()
                                    }
                                }
                            }
                            for key in ["a.b", "b.a"] {
                                do {
                                    try channel.basicPublish("x", exchange: exchange, routingKey: key) { outcome in
                                        if case .confirmed = outcome {} else { session.check.fail("\(outcome)") }
                                        confirmed.countDown()
                                    }
                                } catch {
                                    session.check.fail("publish threw \(error)")
                                }
                            }
                        }
                    }
                }
            }
        },
        .scenario("a-binding-without-a-key-has-the-queue's-name-and-can-be-removed-twice") { session in
            session.queue { channel, queue in
                func publish(_ then: @escaping (PublishOutcome) -> Void) {
                    do throws(AMQPError) {
                        try channel.basicPublish(
                            "x", exchange: "amq.direct", routingKey: queue, mandatory: true, onOutcome: then)
                    } catch {
                        session.check.fail("publish threw \(error)")
                    }
                }
                channel.confirmSelect()
                channel.queueBind(queue, exchange: "amq.direct") { result in
                    _ = session.value(result, "bind")
                    publish { outcome in
                        if case .confirmed = outcome {} else { session.check.fail("bound: \(outcome)") }
                        channel.queueUnbind(queue, exchange: "amq.direct") { result in
                            _ = session.value(result, "unbind")
                            publish { outcome in
                                if case .returned = outcome {} else { session.check.fail("unbound: \(outcome)") }
                                channel.queueUnbind(queue, exchange: "amq.direct") { result in
                                    _ = session.value(result, "unbind again")
                                    session.finish()
                                }
                            }
                        }
                    }
                }
            }
        },
        .scenario("exchanges-are-bound-to-exchanges") { session in
            session.queue { channel, queue in
                let (source, destination) = (session.uniqueName(), session.uniqueName())
                channel.exchangeDeclare(source, type: .fanout, autoDelete: true)
                channel.exchangeDeclare(destination, type: .fanout, autoDelete: true)
                channel.queueBind(queue, exchange: destination)
                channel.exchangeBind(destination: destination, source: source) { result in
                    _ = session.value(result, "exchange.bind")
                    channel.basicConsume(
                        queue, autoAck: true,
                        onMessage: { _, delivery in
                            session.check.expectEqual(delivery.text, "through two exchanges", "body")
                            session.check.expectEqual(delivery.exchange, source, "exchange")
                            channel.exchangeUnbind(destination: destination, source: source) { result in
                                _ = session.value(result, "exchange.unbind")
                                channel.exchangeDelete(source) { result in
                                    _ = session.value(result, "exchange.delete")
                                    session.finish()
                                }
                            }
                        }
                    ) { _ in
                        do {
                            try channel.basicPublish("through two exchanges", exchange: source, routingKey: "")
                        } catch {
                            session.check.fail("publish threw \(error)")
                        }
                    }
                }
            }
        },
        .scenario("requests-without-completion-do-not-stall-those-behind") { session in
            session.channel { channel in
                let (first, second) = (session.uniqueName(), session.uniqueName())
                channel.queueDeclare(first, exclusive: true) { _ in }
                channel.queueDeclare(second, exclusive: true)
                channel.queueBind(second, exchange: "amq.direct")
                channel.queueDeclare(second, passive: true) { result in
                    session.check.expectEqual(session.value(result, "declare")?.queue, second, "queue")
                    session.finish()
                }
            }
        },
        .scenario("deleting-a-queue-that-is-not-empty-is-406-if-asked") { session in
            session.queue { channel, queue in
                channel.confirmSelect { _ in
                    do {
                        try channel.basicPublish("x", routingKey: queue) { _ in
                            channel.queueDelete(queue, ifEmpty: true) { result in
                                session.expectFailure(
                                    result, .channelClosedByBroker, replyCode: 406, method: .queueDelete, "delete")
                                session.finish()
                            }
                        }
                    } catch {
                        session.check.fail("publish threw \(error)")
                    }
                }
            }
        },
        .scenario("an-argument-of-more-than-255-bytes-is-refused-locally") { session in
            session.channel { channel in
                channel.queueDeclare(String(repeating: "ü", count: 128)) { result in
                    session.expectFailure(result, .invalidArgument, method: .queueDeclare, "declare")
                    channel.queueDeclare(String(repeating: "q", count: 256), exclusive: true)
                    channel.queueDeclare(exclusive: true) { result in
                        _ = session.value(result, "the channel suffered")
                        session.finish()
                    }
                }
            }
        },
    ]
}
