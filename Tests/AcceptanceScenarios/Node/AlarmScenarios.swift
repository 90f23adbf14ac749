import AMQPConnection
import AdapterKit

/// Alarms of the broker's: it blocks the connections that publish, and tells them.
enum AlarmScenarios {
    static let all: [AdapterCheck] = [
        .onNode("an-alarm-blocks-who-publishes-and-its-end-unblocks") { node in
            let session = node.session
            blocked(node) { channel, outcome in
                let connection = channel.connection
                session.check.expectEqual(connection.blockedReason, "low on memory", "reason")
                session.check.expect(!channel.mayPublish, "mayPublish while blocked")
                connection.onUnblocked { connection in
                    session.check.expectEqual(connection.blockedReason, nil, "reason")
                    session.check.expect(channel.mayPublish, "mayPublish when unblocked")
                    outcome { result in
                        if case .confirmed = result {} else { session.check.fail("outcome \(result)") }
                        session.finish()
                    }
                }
                node.clearAlarm()
            }
        },
        .onNode("an-alarm-of-the-disk-is-another-reason") { node in
            node.session.channel { channel in
                channel.connection.onBlocked { connection, reason in
                    node.check.expectEqual(reason, "low on disk", "reason")
                    connection.onUnblocked { _ in node.session.finish() }
                    node.clearAlarm("disk")
                }
                node.setAlarm("disk") { node.session.publish("x", on: channel, routingKey: "nowhere") }
            }
        },
        .onNode("the-gate-closes-and-opens-with-the-alarm") { node in
            node.session.channel { channel in
                var told: [Bool] = []
                channel.onMayPublish { _, mayPublish in
                    told.append(mayPublish)
                    guard mayPublish else { return node.clearAlarm() }
                    node.check.expectEqual(told, [false, true], "what onMayPublish said")
                    node.session.finish()
                }
                node.setAlarm { node.session.publish("x", on: channel, routingKey: "nowhere") }
            }
        },
        .onNode("blocked-for-longer-than-allowed-ends-the-connection") { node in
            let session = node.session
            let limit = Duration.milliseconds(300)
            blocked(node, timeout: limit) { channel, outcome in
                let begin = session.loop.now
                var events: [String] = []
                outcome { result in
                    if case .lost(let error) = result {
                        session.expect(error, .connectionBlockedTimeout, "outcome")
                    } else {
                        session.check.fail("outcome \(result)")
                    }
                    events.append("outcome")
                }
                channel.connection.onClose { _, error in
                    session.expect(error, .connectionBlockedTimeout, "onClose")
                    session.check.expect("\(error)".contains("low on memory"), "\(error) does not say why")
                    let elapsed = begin.duration(to: session.loop.now)
                    session.check.expect(elapsed >= .milliseconds(250), "it ended after \(elapsed)")
                    session.check.expectEqual(events, ["outcome"], "events before")
                    session.finish()
                }
            }
        },
        .onNode("unblocked-in-time-the-connection-lives-on") { node in
            let session = node.session
            blocked(node, timeout: .seconds(2)) { channel, _ in
                let begin = session.loop.now
                channel.connection.onUnblocked { connection in
                    // Until the deadline would have been.
                    session.when({ begin.duration(to: session.loop.now) > .milliseconds(2200) }) {
                        session.channel(on: connection) { _ in connection.close { _ in session.finish() } }
                    }
                }
                node.clearAlarm()
            }
        },
        .onNode("a-connection-that-only-consumes-goes-on") { node in
            let session = node.session
            let queue = session.uniqueName()
            session.channel { channel in
                channel.queueDeclare(queue, autoDelete: true)
                channel.confirmSelect { _ in
                    let stored = Countdown(20) {
                        session.channel { consuming in
                            consuming.connection.onBlocked { _, _ in session.check.fail("the consumer was blocked") }
                            node.setAlarm {
                                consume(session, consuming, queue, 20) { node.clearAlarm { session.finish() } }
                            }
                        }
                    }
                    for _ in 0 ..< 20 {
                        session.publish("x", on: channel, routingKey: queue) { _ in stored.countDown() }
                    }
                }
            }
        },
        .onNode("a-connection-opens-during-an-alarm-until-it-publishes") { node in
            node.setAlarm {
                node.session.queue { channel, queue in
                    node.check.expectEqual(channel.connection.blockedReason, nil, "reason before publishing")
                    channel.connection.onBlocked { _, _ in
                        channel.connection.onUnblocked { _ in node.session.finish() }
                        node.clearAlarm()
                    }
                    node.session.publish("x", on: channel, routingKey: queue)
                }
            }
        },
        .onNode("a-request-while-blocked-is-answered-afterwards") { node in
            let session = node.session
            blocked(node) { channel, _ in
                var isBlocked = true
                channel.connection.onUnblocked { _ in isBlocked = false }
                channel.queueDeclare(exclusive: true) { result in
                    _ = session.value(result, "declare")
                    session.check.expect(!isBlocked, "a blocked connection was answered")
                    session.finish()
                }
                session.loop.callLater(.milliseconds(50)) { node.clearAlarm() }
            }
        },
        .onNode("closing-while-blocked-ends-by-its-deadline") { node in
            let session = node.session
            blocked(node) { channel, outcome in
                var lost = 0
                outcome { result in if case .lost = result { lost += 1 } }
                channel.connection.close(deadline: .milliseconds(300)) { result in
                    session.expectFailure(result, .deadlineExceeded, "close")
                    session.check.expectEqual(lost, 1, "lost publishes")
                    session.finish()
                }
            }
        },
        .onNode("ten-alarms-in-a-row-lose-nothing", limit: .seconds(60)) { node in
            node.session.channel { channel in
                channel.confirmSelect { _ in cycle(node, channel, 10) }
            }
        },
    ]

    /// Blocks a connection that has published a message, whose outcome can be waited for.
    private static func blocked(
        _ node: NodeSession, timeout: Duration? = nil,
        _ body: @escaping (Channel, _ outcome: @escaping (@escaping (PublishOutcome) -> Void) -> Void) -> Void
    ) {
        var parameters = node.session.parameters
        parameters.blockedConnectionTimeout = timeout
        node.session.connect(parameters) { connection in
            node.session.channel(on: connection) { channel in
                var known: PublishOutcome?
                var waiting: ((PublishOutcome) -> Void)?
                channel.confirmSelect { _ in
                    node.setAlarm {
                        connection.onBlocked { _, _ in
                            body(channel) { listener in
                                if let known { listener(known) } else { waiting = listener }
                            }
                        }
                        node.session.publish("x", on: channel, routingKey: "nowhere") { outcome in
                            known = outcome
                            waiting?(outcome)
                        }
                    }
                }
            }
        }
    }

    private static func consume(
        _ session: Session, _ channel: Channel, _ queue: String, _ count: Int, whenDone: @escaping () -> Void
    ) {
        var left = count
        channel.basicConsume(
            queue,
            onMessage: { channel, delivery in
                channel.basicAck(delivery.tag)
                left -= 1
                if left == 0 { whenDone() }
            })
    }

    private static func cycle(_ node: NodeSession, _ channel: Channel, _ left: Int) {
        guard left > 0 else { return node.session.finish() }
        let done = Countdown(2) { cycle(node, channel, left - 1) }
        var tokens: [ListenerToken] = []
        tokens.append(channel.connection.onBlocked { _, _ in node.clearAlarm() })
        tokens.append(
            channel.connection.onUnblocked { _ in
                for token in tokens { token.remove() }
                done.countDown()
            })
        node.setAlarm {
            node.session.publish("x", on: channel, routingKey: "nowhere") { outcome in
                if case .confirmed = outcome {} else { node.check.fail("outcome \(outcome)") }
                done.countDown()
            }
        }
    }
}
