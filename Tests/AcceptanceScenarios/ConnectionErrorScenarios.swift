import AMQPConnection
import AdapterKit

/// Errors that the broker answers by closing the connection.
enum ConnectionErrorScenarios {
    static let all: [AdapterCheck] = [
        .scenario("an-unknown-exchange-type-is-503-on-the-connection") { session in
            session.channel { channel in
                var events: [String] = []
                channel.onClose { _, error in
                    session.expect(
                        error, .connectionClosedByBroker, replyCode: 503, method: .exchangeDeclare, "channel's onClose")
                    events.append("channel")
                }
                channel.connection.onClose { _, error in
                    session.expect(
                        error, .connectionClosedByBroker, replyCode: 503, method: .exchangeDeclare, "onClose")
                    session.check.expectEqual(events, ["declare", "channel"], "events before the connection's")
                    session.finish()
                }
                channel.exchangeDeclare(session.uniqueName(), type: "no-such-type") { result in
                    session.expectFailure(
                        result, .connectionClosedByBroker, replyCode: 503, method: .exchangeDeclare, "declare")
                    events.append("declare")
                }
            }
        },
        .scenario("a-prefetch-size-is-540-on-the-connection") { session in
            session.channel { channel in
                channel.basicQos(prefetchSize: 1000, prefetchCount: 1) { result in
                    session.expectFailure(
                        result, .connectionClosedByBroker, replyCode: 540, method: .basicQos, "qos")
                    session.finish()
                }
            }
        },
        .scenario("recover-without-requeue-is-refused-locally") { session in
            session.channel { channel in
                channel.basicRecover(requeue: false) { result in
                    session.expectFailure(result, .notSupported, "recover")
                    session.check.expect(channel.isOpen, "the channel suffered")
                    session.finish()
                }
            }
        },
    ]
}
