import AMQPConnection
import AdapterKit

/// Heartbeats in both directions, seen through a proxy that stalls one of them.
enum HeartbeatScenarios {
    static let all: [AdapterCheck] = [
        .scenario("an-idle-connection-lives-on-heartbeats") { session in
            connect(session) { connection, _ in
                let before = (connection.framesSent, connection.framesReceived)
                // The broker gives up a client that it has not heard for three seconds: eight heartbeats are four.
                session.when({ connection.framesSent >= before.0 + 8 && connection.framesReceived >= before.1 + 3 }) {
                    session.channel(on: connection) { _ in session.finish() }
                }
            }
        },
        .scenario("a-broker-that-is-not-heard-is-given-up") { session in
            connect(session) { connection, proxy in
                let begin = session.loop.now
                connection.onClose { _, error in
                    session.expect(error, .heartbeatTimeout, "onClose")
                    let elapsed = begin.duration(to: session.loop.now)
                    session.check.expect(elapsed >= .milliseconds(1500), "it ended after \(elapsed)")
                    session.finish()
                }
                proxy.stall(toServer: false, toClient: true)
            }
        },
        .scenario("a-broker-that-does-not-hear-us-gives-us-up") { session in
            // The broker's heartbeats have to be heard in time meanwhile, however busy the machine is.
            connect(session, heartbeat: 4) { connection, proxy in
                let received = connection.framesReceived
                connection.onClose { connection, error in
                    session.expect(error, .streamLost, "onClose")
                    session.check.expect(connection.framesReceived > received, "no heartbeat of the broker's came")
                    session.finish()
                }
                proxy.stall(toServer: true, toClient: false)
            }
        },
        .scenario("what-waits-ends-with-the-heartbeat-timeout") { session in
            connect(session) { connection, proxy in
                session.channel(on: connection) { channel in
                    var events: [String] = []
                    channel.confirmSelect { _ in
                        proxy.stall(toServer: false, toClient: true)
                        channel.queueDeclare(exclusive: true) { result in
                            session.expectFailure(result, .heartbeatTimeout, "declare")
                            events.append("declare")
                        }
                        session.publish("x", on: channel, routingKey: "nowhere") { outcome in
                            if case .lost(let error) = outcome {
                                session.expect(error, .heartbeatTimeout, "outcome")
                            } else {
                                session.check.fail("outcome \(outcome)")
                            }
                            events.append("outcome")
                        }
                        connection.onClose { _, _ in
                            session.check.expectEqual(events, ["declare", "outcome"], "events before onClose")
                            session.finish()
                        }
                    }
                }
            }
        },
        .scenario("messages-count-as-heartbeats") { session in
            connect(session) { connection, proxy in
                session.channel(on: connection) { channel in
                    channel.queueDeclare(exclusive: true) { result in
                        guard let queue = session.value(result, "declare")?.queue else { return }
                        var left = 30
                        channel.basicConsume(
                            queue, autoAck: true,
                            onMessage: { channel, _ in
                                left -= 1
                                guard left > 0 else { return session.finish() }
                                session.loop.callLater(.milliseconds(100)) {
                                    session.publish("x", on: channel, routingKey: queue)
                                }
                            })
                        session.publish("x", on: channel, routingKey: queue)
                    }
                }
            }
        },
    ]

    /// Connects through a proxy, with an interval of some seconds.
    private static func connect(
        _ session: Session, heartbeat: UInt16 = 1, _ body: @escaping (Connection, FaultProxy) -> Void
    ) {
        do {
            var (proxy, parameters) = try session.proxy()
            parameters.heartbeat = .seconds(heartbeat)
            session.connect(parameters) { connection in
                session.check.expectEqual(connection.tuned?.heartbeat, heartbeat, "heartbeat")
                body(connection, proxy)
            }
        } catch {
            session.check.fail("\(error)")
            session.finish()
        }
    }
}
