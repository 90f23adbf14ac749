import AMQPConnection
import AdapterKit

/// Consuming, getting and acknowledging.
enum ConsumingScenarios {
    static let all: [AdapterCheck] = [
        .scenario("a-reply-comes-over-direct-reply-to") { session in
            session.queue { channel, queue in
                let replies = "amq.rabbitmq.reply-to"
                channel.basicConsume(
                    queue,
                    onMessage: { channel, request in
                        let properties = try request.properties
                        let address = properties.replyTo ?? ""
                        session.check.expect(address.hasPrefix("\(replies)."), "reply address \(address)")
                        session.publish(
                            "answer", on: channel, routingKey: address,
                            properties: MessageProperties(correlationID: properties.correlationID))
                        channel.basicAck(request.tag)
                    })
                channel.basicConsume(
                    replies, autoAck: true,
                    onMessage: { _, reply in
                        session.check.expectEqual(reply.text, "answer", "text")
                        session.check.expectEqual(try reply.properties.correlationID, "7", "correlation")
                        session.finish()
                    },
                    completion: { _ in
                        session.publish(
                            "question", on: channel, routingKey: queue,
                            properties: MessageProperties(correlationID: "7", replyTo: replies))
                    })
            }
        },
        .scenario("a-delivery-carries-what-was-published") { session in
            session.queue { channel, queue in
                let properties = MessageProperties(
                    contentType: "text/plain", headers: ["n": 5, "nested": ["x": true]], deliveryMode: .persistent,
                    priority: 3, correlationID: "c", timestamp: 1_700_000_000, appID: "app")
                channel.basicConsume(
                    queue, consumerTag: "mine",
                    onMessage: { channel, delivery in
                        session.check.expectEqual(delivery.text, "grüße", "text")
                        session.check.expectEqual(delivery.exchange, "", "exchange")
                        session.check.expectEqual(delivery.routingKey, queue, "routing key")
                        session.check.expectEqual(delivery.consumerTag, "mine", "consumer tag")
                        session.check.expectEqual(delivery.tag, 1, "delivery tag")
                        session.check.expect(!delivery.isRedelivered, "redelivered")
                        session.check.expectEqual(try delivery.properties, properties, "properties")
                        let copy = delivery.copied()
                        session.check.expectEqual(copy.text, "grüße", "text of the copy")
                        session.check.expectEqual(copy.consumerTag, "mine", "consumer tag of the copy")
                        session.check.expectEqual(try copy.properties, properties, "properties of the copy")
                        channel.basicAck(delivery.tag)
                        session.finish()
                    })
                session.publish("grüße", on: channel, routingKey: queue, properties: properties)
            }
        },
        .scenario("getting-from-an-empty-queue-is-a-value") { session in
            session.queue { channel, queue in
                var results: [String?] = []
                for _ in 0 ..< 2 {
                    channel.basicGet(queue) { result in results.append(session.value(result, "get")??.text) }
                }
                channel.basicGet(queue) { result in
                    session.check.expectEqual(session.value(result, "get")??.text, nil, "message")
                    session.check.expectEqual(results, [nil, nil], "the gets before")
                    session.finish()
                }
            }
        },
        .scenario("a-message-that-was-got-can-be-rejected-and-got-again") { session in
            session.queue { channel, queue in
                channel.confirmSelect { _ in
                    session.publish("again", on: channel, routingKey: queue) { _ in
                        channel.basicGet(queue) { result in
                            guard let first = session.value(result, "get") ?? nil else { return }
                            channel.basicReject(first.tag, requeue: true)
                            channel.basicGet(queue) { result in
                                let second = session.value(result, "get") ?? nil
                                session.check.expectEqual(second?.text, "again", "text")
                                session.check.expectEqual(second?.isRedelivered, true, "redelivered")
                                session.finish()
                            }
                        }
                    }
                }
            }
        },
        .scenario("prefetch-limits-unacknowledged-messages") { session in
            session.queue { channel, queue in
                var unacked = 0
                var received = 0
                channel.basicQos(prefetchCount: 3) { _ in
                    channel.basicConsume(
                        queue,
                        onMessage: { channel, delivery in
                            unacked += 1
                            received += 1
                            session.check.expect(unacked <= 3, "\(unacked) unacknowledged messages")
                            channel.connection.ioLoop.callLater(.milliseconds(1)) {
                                unacked -= 1
                                channel.basicAck(delivery.tag)
                                if received == 20 && unacked == 0 { session.finish() }
                            }
                        })
                }
                for index in 0 ..< 20 { session.publish("\(index)", on: channel, routingKey: queue) }
            }
        },
        .scenario("recover-delivers-unacknowledged-messages-again") { session in
            session.queue { channel, queue in
                channel.basicConsume(
                    queue,
                    onMessage: { channel, delivery in
                        if delivery.isRedelivered {
                            channel.basicAck(delivery.tag)
                            session.finish()
                        } else {
                            channel.basicRecover { result in _ = session.value(result, "recover") }
                        }
                    })
                session.publish("again", on: channel, routingKey: queue)
            }
        },
        .scenario("nack-with-multiple-requeues-all-so-far") { session in
            session.queue { channel, queue in
                var first = 0
                var again = 0
                channel.basicConsume(
                    queue,
                    onMessage: { channel, delivery in
                        if delivery.isRedelivered {
                            again += 1
                            channel.basicAck(delivery.tag)
                            if again == 5 { session.finish() }
                        } else {
                            first += 1
                            if first == 5 { channel.basicNack(delivery.tag, multiple: true, requeue: true) }
                        }
                    })
                for index in 0 ..< 5 { session.publish("\(index)", on: channel, routingKey: queue) }
            }
        },
        .scenario("cancelling-with-prefetched-messages-loses-none") { session in
            session.queue { channel, queue in
                var handled: Set<String> = []
                func drain() {
                    channel.basicGet(queue, autoAck: true) { result in
                        guard let message = session.value(result, "get") else { return }
                        if let message {
                            handled.insert(message.text)
                            drain()
                        } else {
                            session.check.expectEqual(handled.count, 50, "messages seen")
                            session.finish()
                        }
                    }
                }
                channel.confirmSelect { _ in
                    let published = Countdown(50) {
                        channel.basicConsume(
                            queue, consumerTag: "c",
                            onMessage: { channel, delivery in
                                session.check.expect(handled.count < 5, "a delivery after the cancel")
                                handled.insert(delivery.text)
                                channel.basicAck(delivery.tag)
                                if handled.count == 5 {
                                    channel.basicCancel("c") { result in
                                        _ = session.value(result, "cancel")
                                        session.check.expectEqual(channel.consumerTags, [], "consumer tags")
                                        drain()
                                    }
                                }
                            })
                    }
                    for index in 0 ..< 50 {
                        session.publish("\(index)", on: channel, routingKey: queue) { _ in published.countDown() }
                    }
                }
            }
        },
        .scenario("deleting-a-queue-cancels-its-consumer") { session in
            session.queue { channel, queue in
                var events: [String] = []
                channel.onCancel { channel, tag in
                    session.check.expectEqual(tag, "c", "tag")
                    session.check.expectEqual(events, ["consumer"], "events before the channel's")
                    session.check.expectEqual(channel.consumerTags, [], "consumer tags")
                    session.finish()
                }
                channel.basicConsume(
                    queue, consumerTag: "c",
                    onCancel: { _, error in
                        session.expect(error, .consumerCancelled, "onCancel")
                        events.append("consumer")
                    }, onMessage: { _, _ in }
                ) { _ in
                    session.channel(on: channel.connection) { other in other.queueDelete(queue) }
                }
            }
        },
        .scenario("a-consumer-tag-in-use-is-refused-locally") { session in
            session.queue { channel, queue in
                channel.basicConsume(queue, consumerTag: "c", onMessage: { _, _ in })
                channel.basicConsume(queue, consumerTag: "c", onMessage: { _, _ in }) { result in
                    session.expectFailure(result, .duplicateConsumerTag, "second consumer")
                    channel.basicCancel("unknown") { result in
                        session.expectFailure(result, .unknownConsumerTag, "cancel")
                        session.check.expect(channel.isOpen, "the channel suffered")
                        session.finish()
                    }
                }
            }
        },
        .scenario("an-error-thrown-by-a-handler-is-reported-and-the-message-nacked") { session in
            struct Trouble: Error, Equatable {}
            session.queue { channel, queue in
                var reports = 0
                channel.connection.onError { _, error in
                    session.expect(error, .handlerFailed, "report")
                    session.check.expect(error.underlying is Trouble, "underlying \(error.underlying as Any)")
                    reports += 1
                }
                channel.basicConsume(
                    queue, errorPolicy: .nack(requeue: true),
                    onMessage: { channel, delivery in
                        guard delivery.isRedelivered else { throw Trouble() }
                        session.check.expectEqual(reports, 1, "reports")
                        channel.basicAck(delivery.tag)
                        session.finish()
                    })
                session.publish("x", on: channel, routingKey: queue)
            }
        },
        .scenario("unacknowledged-messages-return-to-the-queue-when-the-channel-closes") { session in
            session.queue { channel, queue in
                session.channel(on: channel.connection) { consuming in
                    consuming.basicConsume(
                        queue,
                        onMessage: { consuming, _ in
                            consuming.close { _ in
                                channel.basicGet(queue, autoAck: true) { result in
                                    let delivery = session.value(result, "get") ?? nil
                                    session.check.expectEqual(delivery?.isRedelivered, true, "redelivered")
                                    session.finish()
                                }
                            }
                        })
                    session.publish("x", on: channel, routingKey: queue)
                }
            }
        },
        .scenario("a-handler-may-publish-declare-cancel-and-close") { session in
            session.queue { channel, queue in
                channel.basicConsume(
                    queue, consumerTag: "c",
                    onMessage: { channel, delivery in
                        channel.basicAck(delivery.tag)
                        if delivery.text == "first" {
                            session.publish("second", on: channel, routingKey: queue)
                            channel.queueDeclare(exclusive: true)
                            return
                        }
                        channel.basicCancel("c") { _ in channel.close { _ in session.finish() } }
                    })
                session.publish("first", on: channel, routingKey: queue)
            }
        },
    ]
}
