import AMQPConnection
import AdapterKit

/// Errors that the broker answers by closing the channel: the call that failed hears of it, the others live on.
enum ChannelErrorScenarios {
    static let all: [AdapterCheck] = [
        .scenario("passive-declare-of-a-missing-queue-is-404") { session in
            session.connect { connection in
                session.channel(on: connection) { other in
                    session.channel(on: connection) { channel in
                        var closes = 0
                        channel.onClose { _, error in
                            closes += 1
                            session.expect(
                                error, .channelClosedByBroker, replyCode: 404, method: .queueDeclare, "onClose")
                        }
                        channel.queueDeclare("missing.\(session.uniqueName())", passive: true) { result in
                            session.expectFailure(
                                result, .channelClosedByBroker, replyCode: 404, method: .queueDeclare, "declare")
                            session.check.expectEqual(closes, 0, "onClose came before the completion")
                            session.check.expect(channel.isClosed, "the channel is not closed")
                            session.check.expect(connection.isOpen, "the connection suffered")
                            other.queueDeclare(exclusive: true) { result in
                                _ = session.value(result, "a declare on the other channel")
                                session.check.expectEqual(closes, 1, "onClose calls")
                                session.finish()
                            }
                        }
                    }
                }
            }
        },
        .scenario("redeclaring-a-queue-with-other-arguments-is-406") { session in
            session.channel { channel in
                let name = session.uniqueName()
                channel.queueDeclare(name, exclusive: true) { _ in
                    channel.queueDeclare(name, exclusive: true, arguments: ["x-message-ttl": 1000]) { result in
                        session.expectFailure(
                            result, .channelClosedByBroker, replyCode: 406, method: .queueDeclare, "redeclare")
                        session.finish()
                    }
                }
            }
        },
        .scenario("another-connection's-exclusive-queue-is-405") { session in
            session.queue { _, name in
                session.channel { channel in
                    channel.queueDeclare(name, passive: true) { result in
                        session.expectFailure(
                            result, .channelClosedByBroker, replyCode: 405, method: .queueDeclare, "declare")
                        session.finish()
                    }
                }
            }
        },
        .scenario("declaring-an-exchange-with-a-reserved-name-is-403") { session in
            session.channel { channel in
                channel.exchangeDeclare("amq.\(session.uniqueName())") { result in
                    session.expectFailure(
                        result, .channelClosedByBroker, replyCode: 403, method: .exchangeDeclare, "declare")
                    session.finish()
                }
            }
        },
        .scenario("publishing-to-a-missing-exchange-is-404-later") { session in
            session.channel { channel in
                channel.onClose { _, error in
                    session.expect(error, .channelClosedByBroker, replyCode: 404, method: .basicPublish, "onClose")
                    session.finish()
                }
                do {
                    try channel.basicPublish("x", exchange: "missing.exchange", routingKey: "")
                } catch {
                    session.check.fail("publish threw \(error)")
                }
            }
        },
        .scenario("consuming-from-a-missing-queue-is-404") { session in
            session.channel { channel in
                channel.basicConsume("missing.\(session.uniqueName())", onMessage: { _, _ in }) { result in
                    session.expectFailure(
                        result, .channelClosedByBroker, replyCode: 404, method: .basicConsume, "consume")
                    session.finish()
                }
            }
        },
        .scenario("a-second-consumer-beside-an-exclusive-one-is-403") { session in
            session.queue { channel, queue in
                channel.basicConsume(queue, exclusive: true, onMessage: { _, _ in }) { _ in
                    session.channel(on: channel.connection) { second in
                        second.basicConsume(queue, onMessage: { _, _ in }) { result in
                            session.expectFailure(
                                result, .channelClosedByBroker, replyCode: 403, method: .basicConsume, "consume")
                            session.finish()
                        }
                    }
                }
            }
        },
        .scenario("acknowledging-an-unknown-tag-is-406") { session in
            session.channel { channel in
                channel.onClose { _, error in
                    session.expect(error, .channelClosedByBroker, replyCode: 406, method: .basicAck, "onClose")
                    session.finish()
                }
                channel.basicAck(4711)
            }
        },
        .scenario("committing-without-select-is-406") { session in
            session.channel { channel in
                channel.txCommit { result in
                    session.expectFailure(result, .channelClosedByBroker, replyCode: 406, method: .txCommit, "commit")
                    session.finish()
                }
            }
        },
        .scenario("confirms-and-transactions-exclude-each-other") { session in
            session.channel { channel in
                channel.txSelect { _ in
                    channel.confirmSelect { result in
                        session.expectFailure(
                            result, .channelClosedByBroker, replyCode: 406, method: .confirmSelect, "confirm after tx")
                        session.finish()
                    }
                }
            }
        },
        .scenario("a-channel-error-completes-everything-that-waits-once") { session in
            session.channel { channel in
                var outcomes: [String] = []
                for index in 0 ..< 5 {
                    channel.queueDeclare("missing.\(session.uniqueName())", passive: true) { result in
                        session.expectFailure(result, .channelClosedByBroker, replyCode: 404, "declare \(index)")
                        outcomes.append("\(index)")
                    }
                }
                channel.basicGet("missing") { result in
                    session.expectFailure(result, .channelClosedByBroker, replyCode: 404, "get")
                    outcomes.append("get")
                }
                channel.onClose { _, _ in
                    session.check.expectEqual(outcomes, ["0", "1", "2", "3", "4", "get"], "completions")
                    session.finish()
                }
            }
        },
        .scenario("a-closed-channel-refuses-calls-with-the-reason") { session in
            session.channel { channel in
                channel.queueDeclare("missing.\(session.uniqueName())", passive: true) { _ in
                    channel.queueDeclare { result in
                        session.expectFailure(result, .channelWrongState, replyCode: 404, "declare")
                        do throws(AMQPError) {
                            try channel.basicPublish("x", routingKey: "y")
                            session.check.fail("publish did not throw")
                        } catch {
                            session.expect(error, .channelWrongState, replyCode: 404, "publish")
                        }
                        channel.basicAck(1)
                        session.finish()
                    }
                }
            }
        },
    ]
}
