import AMQPConnection
import AdapterKit
import BrokerSupport

/// Closing channels and connections, by either side.
enum ClosingScenarios {
    static let all: [AdapterCheck] = [
        .scenario("closing-a-channel-answers-what-was-asked-before") { session in
            session.channel { channel in
                var events: [String] = []
                channel.onClose { _, error in
                    session.expect(error, .channelClosedByClient, "onClose")
                    events.append("onClose")
                }
                channel.queueDeclare(exclusive: true) { result in
                    _ = session.value(result, "declare")
                    events.append("declared")
                }
                channel.close { result in
                    _ = session.value(result, "close")
                    session.check.expectEqual(events, ["declared", "onClose"], "events")
                    session.finish()
                }
                channel.queueDeclare { result in
                    session.expectFailure(result, .channelWrongState, "declare while closing")
                }
            }
        },
        .scenario("closing-a-connection-closes-its-channels-first") { session in
            session.connect { connection in
                var events: [String] = []
                let ready = Countdown(3) {
                    connection.close { result in
                        _ = session.value(result, "close")
                        session.check.expectEqual(
                            events.dropLast().sorted(), ["channel 1", "channel 2", "channel 3"], "events")
                        session.check.expectEqual(events.last, "connection", "last event")
                        session.finish()
                    }
                }
                connection.onClose { _, error in
                    session.expect(error, .connectionClosedByClient, "onClose")
                    events.append("connection")
                }
                for _ in 1 ... 3 {
                    session.channel(on: connection) { channel in
                        channel.onClose { channel, _ in events.append("channel \(channel.number)") }
                        ready.countDown()
                    }
                }
            }
        },
        .scenario("closing-twice-is-refused-the-second-time") { session in
            session.connect { connection in
                let done = Countdown(2) { session.finish() }
                connection.close { result in
                    _ = session.value(result, "first close")
                    done.countDown()
                }
                connection.close { result in
                    session.expectFailure(result, .connectionWrongState, "second close")
                    done.countDown()
                }
            }
        },
        .scenario("publishes-before-close-are-not-lost") { session in
            session.queue { reader, queue in
                session.connect { connection in
                    session.channel(on: connection) { channel in
                        for index in 0 ..< 500 { session.publish("\(index)", on: channel, routingKey: queue) }
                        connection.close { _ in
                            var received = 0
                            reader.basicConsume(
                                queue, autoAck: true,
                                onMessage: { _, delivery in
                                    session.check.expectEqual(delivery.text, "\(received)", "order")
                                    received += 1
                                    if received == 500 { session.finish() }
                                })
                        }
                    }
                }
            }
        },
        // The operator's tool starts a virtual machine of its own, twice: seconds on a busy machine.
        .scenario("an-operator's-close-is-320", limit: .seconds(120)) { session in
            var parameters = session.parameters
            let name = session.uniqueName("operator's-victim")
            parameters.connectionName = name
            session.connect(parameters) { connection in
                connection.onClose { _, error in
                    session.expect(error, .connectionClosedByBroker, replyCode: 320, "onClose")
                    session.finish()
                }
                // Other connections of the broker's must not be hit, so the name selects this one.
                session.onOtherThread {
                    let text = try TestBroker.command(["ctl", "-q", "list_connections", "pid", "client_properties"])
                    for line in text.split(separator: "\n") where line.contains(name) {
                        let process = line.prefix { $0 != "\t" }
                        try TestBroker.command(["ctl", "close_connection", String(process), "maintenance"])
                    }
                } then: { _ in
                }
            }
        },
        .scenario("closing-the-connection-inside-a-handler") { session in
            session.queue { channel, queue in
                var deliveries = 0
                channel.basicConsume(
                    queue, autoAck: true,
                    onMessage: { channel, _ in
                        deliveries += 1
                        session.check.expectEqual(deliveries, 1, "deliveries")
                        channel.connection.close { result in
                            _ = session.value(result, "close")
                            session.finish()
                        }
                    })
                for _ in 0 ..< 10 { session.publish("x", on: channel, routingKey: queue) }
            }
        },
        .scenario("a-connection-that-nobody-holds-lives-on-until-it-is-closed") { session in
            var opened = false
            _ = Connection(
                session.parameters, on: session.loop,
                onOpen: { connection in
                    opened = true
                    connection.close()
                },
                onClose: { _, error in
                    session.expect(error, .connectionClosedByClient, "onClose")
                    session.check.expect(opened, "onOpen did not come")
                    session.finish()
                })
        },
    ]
}
