import AMQPConnection
import AdapterKit

/// What the operator of a broker does to those who use it.
enum OperatorScenarios {
    /// Connects until the system refuses it: what came before the listener was closed is accepted, and reset.
    private static func untilRefused(_ node: NodeSession, _ body: @escaping () -> Void) {
        node.session.connectExpectingFailure(node.session.parameters) { error in
            if error.code == .incompatibleProtocol { return untilRefused(node, body) }
            node.session.expect(error, .connectFailed, "onOpenError")
            body()
        }
    }

    /// What the operator deletes ends the connections that are made with it, and lets none in any more.
    private static func deletion(
        of what: String, _ command: String, then refusal: AMQPError.Code, _ replyCode: UInt16,
        add: @escaping @Sendable (NodeSession, @escaping (ConnectionParameters) -> Void) -> Void
    ) -> AdapterCheck {
        .onNode("deleting-the-\(what)-of-a-connection-closes-it") { node in
            add(node) { parameters in
                node.session.connect(parameters) { connection in
                    connection.onClose { _, error in
                        node.session.expect(error, .connectionClosedByBroker, replyCode: 320, "onClose")
                        node.session.connectExpectingFailure(parameters) { error in
                            node.session.expect(error, refusal, replyCode: replyCode, "onOpenError")
                            node.session.finish()
                        }
                    }
                    node.evaluate(command) { _ in }
                }
            }
        }
    }

    static let all: [AdapterCheck] = [
        .onNode("closing-all-connections-is-320-on-each") { node in
            let session = node.session
            let closed = Countdown(4) { session.finish() }
            let ready = Countdown(2) {
                node.evaluate(
                    "[rabbit_networking:close_connection(P, \"maintenance\") || P <- rabbit_networking:connections()]"
                ) { _ in
                }
            }
            for _ in 0 ..< 2 {
                session.channel { channel in
                    channel.onClose { _, error in
                        session.expect(error, .connectionClosedByBroker, replyCode: 320, "channel's onClose")
                        closed.countDown()
                    }
                    channel.connection.onClose { _, error in
                        session.expect(error, .connectionClosedByBroker, replyCode: 320, "onClose")
                        session.check.expect(
                            error.replyText?.contains("maintenance") == true, "reply text \(error.replyText ?? "")")
                        closed.countDown()
                    }
                    ready.countDown()
                }
            }
        },
        .onNode("the-operator-sees-a-connection's-name-and-properties") { node in
            let session = node.session
            var parameters = session.parameters
            parameters.connectionName = "named by the test"
            parameters.clientProperties = ["information": "of the test"]
            session.connect(parameters) { _ in
                node.evaluate("rabbit_networking:connection_info_all([client_properties])") {
                    listed in
                    for text in ["named by the test", "Ochotona", "of the test"] {
                        session.check.expect(listed.contains(text), "\(text) is not in \(listed)")
                    }
                    session.check.expect(!listed.contains("any event loop"), "ours was not replaced: \(listed)")
                    session.finish()
                }
            }
        },
        .onNode("stopping-the-broker-is-320-nobody-is-let-in-then-and-everybody-when-it-starts", limit: .seconds(60)) {
            node in
            let session = node.session
            let queue = session.uniqueName()
            let stopped = Countdown(2) {
                session.connectExpectingFailure(session.parameters) { error in
                    session.expect(error, .connectFailed, "onOpenError")
                    node.evaluate("rabbit:start()") { _ in
                        session.channel { channel in
                            channel.queueDelete(queue) { result in
                                _ = session.value(result, "queue.delete")
                                session.finish()
                            }
                        }
                    }
                }
            }
            session.channel { channel in
                channel.connection.onClose { _, error in
                    session.expect(error, .connectionClosedByBroker, replyCode: 320, "onClose")
                    session.check.expect(
                        error.replyText?.contains("shutdown") == true, "reply text \(error.replyText ?? "")")
                    stopped.countDown()
                }
                channel.queueDeclare(queue, durable: true) { _ in
                    node.evaluate("rabbit:stop()") { _ in stopped.countDown() }
                }
            }
        },
        .onNode("suspended-listeners-refuse-and-resumed-ones-accept") { node in
            node.evaluate("rabbit_maintenance:suspend_all_client_listeners()") { _ in
                untilRefused(node) {
                    node.evaluate("rabbit_maintenance:resume_all_client_listeners()") { _ in
                        node.session.connect { _ in node.session.finish() }
                    }
                }
            }
        },
        deletion(
            of: "user", "rabbit_auth_backend_internal:delete_user(<<\"visitor\">>, <<\"test\">>)",
            then: .authenticationRefused, 403
        ) { $0.addVisitor(then: $1) },
        deletion(
            of: "virtual-host", "rabbit_vhost:delete(<<\"annex\">>, <<\"test\">>)", then: .virtualHostRefused, 530
        ) { $0.addVirtualHost(then: $1) },
        .onNode("a-virtual-host-of-its-own-works-like-any-other") { node in
            node.addVirtualHost { parameters in
                node.session.connect(parameters) { connection in
                    node.session.channel(on: connection) { channel in
                        channel.queueDeclare(exclusive: true) { result in
                            guard let queue = node.session.value(result, "declare")?.queue else { return }
                            channel.basicConsume(
                                queue, autoAck: true,
                                onMessage: { _, delivery in
                                    node.check.expectEqual(delivery.text, "in the annex", "message")
                                    node.session.finish()
                                })
                            node.session.publish("in the annex", on: channel, routingKey: queue)
                        }
                    }
                }
            }
        },
        .onNode("a-queue-that-the-operator-deletes-cancels-its-consumer") { node in
            let session = node.session
            session.queue { channel, queue in
                channel.basicConsume(
                    queue,
                    onCancel: { channel, error in
                        session.expect(error, .consumerCancelled, "onCancel")
                        session.check.expect(channel.isOpen, "the channel suffered")
                        session.finish()
                    }, onMessage: { _, _ in }
                ) { _ in
                    node.evaluate(
                        """
                        {ok, Q} = rabbit_amqqueue:lookup(rabbit_misc:r(<<"/">>, queue, <<"\(queue)">>)),
                        rabbit_amqqueue:delete(Q, false, false, <<"test">>)
                        """
                    ) { _ in
                    }
                }
            }
        },
        .onNode("a-channel-that-crashes-in-the-broker-is-541-on-the-connection") { node in
            node.session.channel { channel in
                channel.connection.onClose { _, error in
                    node.session.expect(error, .connectionClosedByBroker, replyCode: 541, "onClose")
                    node.session.finish()
                }
                node.evaluate("[exit(P, crash) || P <- rabbit_channel:list_local()]") { _ in }
            }
        },
        .onNode("a-connection-that-is-killed-in-the-broker-is-a-lost-stream") { node in
            node.session.channel { channel in
                channel.connection.onClose { _, error in
                    node.session.expect(error, .streamLost, "onClose")
                    node.session.finish()
                }
                node.evaluate("[exit(P, kill) || P <- rabbit_networking:connections()]") { _ in }
            }
        },
    ]
}
