import AMQPConnection
import AdapterKit

/// More of what the broker answers by closing the channel: the code, the method that it names, and that the connection
/// lives on.
enum ChannelCodeScenarios {
    static let all: [AdapterCheck] = [
        refused("declaring-a-queue-with-a-reserved-name", 403, .queueDeclare) { session, channel, done in
            channel.queueDeclare("amq.\(session.uniqueName())", exclusive: true) { done($0.map { _ in }) }
        },
        refused("deleting-an-exchange-of-the-broker's-own", 403, .exchangeDelete) { _, channel, done in
            channel.exchangeDelete("amq.direct") { done($0.map { _ in }) }
        },
        refused("deleting-the-default-exchange", 403, .exchangeDelete) { _, channel, done in
            channel.exchangeDelete("") { done($0.map { _ in }) }
        },
        refused("binding-to-the-default-exchange", 403, .queueBind) { _, channel, done in
            channel.queueDeclare(exclusive: true)
            channel.queueBind("", exchange: "", routingKey: "k") { done($0.map { _ in }) }
        },
        refused("unbinding-from-the-default-exchange", 403, .queueUnbind) { _, channel, done in
            channel.queueDeclare(exclusive: true)
            channel.queueUnbind("", exchange: "", routingKey: "k") { done($0.map { _ in }) }
        },
        refused("publishing-to-an-internal-exchange", 403, .basicPublish) { session, channel, done in
            let exchange = session.uniqueName()
            channel.queueDeclare(exclusive: true)
            channel.exchangeDeclare(exchange, type: .fanout, autoDelete: true, internal: true)
            channel.confirmSelect()
            channel.queueBind("", exchange: exchange) { _ in
                session.publish("x", on: channel, exchange: exchange, routingKey: "") { outcome in
                    if case .lost(let error) = outcome { done(.failure(error)) } else { done(.success(())) }
                }
            }
        },
        refused("a-passive-declare-of-a-missing-exchange", 404, .exchangeDeclare) { session, channel, done in
            channel.exchangeDeclare("missing.\(session.uniqueName())", passive: true) { done($0.map { _ in }) }
        },
        refused("getting-from-a-missing-queue", 404, .basicGet) { session, channel, done in
            channel.basicGet("missing.\(session.uniqueName())") { done($0.map { _ in }) }
        },
        refused("purging-a-missing-queue", 404, .queuePurge) { session, channel, done in
            channel.queuePurge("missing.\(session.uniqueName())") { done($0.map { _ in }) }
        },
        refused("binding-exchanges-that-are-missing", 404, .exchangeBind) { session, channel, done in
            channel.exchangeBind(destination: "missing.\(session.uniqueName())", source: "amq.fanout") {
                done($0.map { _ in })
            }
        },
        refused("redeclaring-an-exchange-with-another-type", 406, .exchangeDeclare) { session, channel, done in
            channel.exchangeDeclare("amq.direct", type: .topic, durable: true) { done($0.map { _ in }) }
        },
        refused("redeclaring-a-queue-as-durable", 406, .queueDeclare) { session, channel, done in
            let queue = session.uniqueName()
            channel.queueDeclare(queue, autoDelete: true, arguments: ["x-expires": 60_000])
            channel.queueDeclare(queue, durable: true, autoDelete: true, arguments: ["x-expires": 60_000]) {
                done($0.map { _ in })
            }
        },
        refused("an-argument-of-the-wrong-type", 406, .queueDeclare) { _, channel, done in
            channel.queueDeclare(exclusive: true, arguments: ["x-message-ttl": "soon"]) { done($0.map { _ in }) }
        },
        refused("a-queue-type-that-does-not-exist", 406, .queueDeclare) { session, channel, done in
            channel.queueDeclare(session.uniqueName(), exclusive: true, arguments: ["x-queue-type": "square"]) {
                done($0.map { _ in })
            }
        },
        refused("a-negative-length-limit", 406, .queueDeclare) { _, channel, done in
            channel.queueDeclare(exclusive: true, arguments: ["x-max-length": -1]) { done($0.map { _ in }) }
        },
        refused("rolling-back-without-select", 406, .txRollback) { _, channel, done in
            channel.txRollback { done($0.map { _ in }) }
        },
        refused("transactions-after-confirms", 406, .txSelect) { _, channel, done in
            channel.confirmSelect()
            channel.txSelect { done($0.map { _ in }) }
        },
        endsChannel("rejecting-an-unknown-tag", 406, .basicReject) { $0.basicReject(4711) },
        endsChannel("nacking-an-unknown-tag", 406, .basicNack) { $0.basicNack(4711) },
        endsChannel("acknowledging-all-when-there-are-none", nil, nil) { $0.basicAck(0, multiple: true) },
        .scenario("acknowledging-twice-is-406") { session in
            session.queue { channel, queue in
                channel.onClose { _, error in
                    session.expect(error, .channelClosedByBroker, replyCode: 406, method: .basicAck, "onClose")
                    session.finish()
                }
                channel.basicConsume(
                    queue,
                    onMessage: { channel, delivery in
                        channel.basicAck(delivery.tag)
                        channel.basicAck(delivery.tag)
                    })
                session.publish("x", on: channel, routingKey: queue)
            }
        },
        .scenario("acknowledging-on-another-channel-is-406-there") { session in
            session.queue { channel, queue in
                session.channel(on: channel.connection) { other in
                    other.onClose { _, error in
                        session.expect(error, .channelClosedByBroker, replyCode: 406, method: .basicAck, "onClose")
                        session.check.expect(channel.isOpen, "the consuming channel suffered")
                        session.finish()
                    }
                    channel.basicConsume(queue, onMessage: { _, delivery in other.basicAck(delivery.tag) })
                    session.publish("x", on: channel, routingKey: queue)
                }
            }
        },
        .scenario("a-number-is-free-again-after-the-broker-closed-its-channel") { session in
            session.channel { channel in
                channel.queueDeclare("missing.\(session.uniqueName())", passive: true) { _ in
                    session.channel(on: channel.connection) { next in
                        session.check.expectEqual(next.number, channel.number, "number")
                        next.queueDeclare(exclusive: true) { result in
                            _ = session.value(result, "a declare on the new channel")
                            session.finish()
                        }
                    }
                }
            }
        },
    ]

    /// A call is refused with a code, and only its channel ends.
    private static func refused(
        _ what: String, _ code: UInt16, _ method: MethodID,
        _ call: @escaping @Sendable (Session, Channel, @escaping (Result<Void, AMQPError>) -> Void) -> Void
    ) -> AdapterCheck {
        .scenario("\(what)-is-\(code)-on-the-channel") { session in
            session.channel { channel in
                let done = Countdown(2) {
                    session.channel(on: channel.connection) { _ in session.finish() }
                }
                channel.onClose { channel, error in
                    session.expect(error, .channelClosedByBroker, replyCode: code, method: method, "onClose")
                    session.check.expect(channel.connection.isOpen, "the connection suffered")
                    done.countDown()
                }
                call(session, channel) { result in
                    session.expectFailure(result, .channelClosedByBroker, replyCode: code, method: method, what)
                    done.countDown()
                }
            }
        }
    }

    /// A call without an answer ends its channel with a code; without a code the channel lives on.
    private static func endsChannel(
        _ what: String, _ code: UInt16?, _ method: MethodID?, _ call: @escaping @Sendable (Channel) -> Void
    ) -> AdapterCheck {
        .scenario(code.map { "\(what)-is-\($0)-on-the-channel" } ?? "\(what)-is-fine") { session in
            session.channel { channel in
                channel.onClose { _, error in
                    guard let code else { return }
                    session.expect(error, .channelClosedByBroker, replyCode: code, method: method, "onClose")
                    session.finish()
                }
                call(channel)
                guard code == nil else { return }
                channel.queueDeclare(exclusive: true) { result in
                    _ = session.value(result, "a declare behind it")
                    session.finish()
                }
            }
        }
    }
}
