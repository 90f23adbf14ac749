import AMQPConnection
import AdapterKit

/// What users may not do, and limits that an operator sets.
enum PermissionScenarios {
    static let all: [AdapterCheck] = [
        refused("declaring-without-the-right-to-configure", .queueDeclare, configure: "^$") { session, channel, done in
            channel.queueDeclare(session.uniqueName(), exclusive: true) { done($0.map { _ in }) }
        },
        refused("deleting-without-the-right-to-configure", .exchangeDelete, configure: "^$") { session, channel, done in
            channel.exchangeDelete(session.uniqueName()) { done($0.map { _ in }) }
        },
        refused("publishing-without-the-right-to-write", .basicPublish, write: "^$") { session, channel, done in
            channel.confirmSelect { _ in
                session.publish("x", on: channel, exchange: "amq.fanout", routingKey: "") { outcome in
                    if case .lost(let error) = outcome { done(.failure(error)) } else { done(.success(())) }
                }
            }
        },
        refused("consuming-without-the-right-to-read", .basicConsume, read: "^$") { session, channel, done in
            channel.queueDeclare(exclusive: true)
            channel.basicConsume("", onMessage: { _, _ in }) { done($0.map { _ in }) }
        },
        refused("binding-without-the-right-to-read-the-exchange", .queueBind, read: "^$") { session, channel, done in
            channel.queueDeclare(exclusive: true)
            channel.queueBind("", exchange: "amq.fanout") { done($0.map { _ in }) }
        },
        .onNode("a-user-without-rights-on-a-virtual-host-is-refused-with-530") { node in
            node.addVisitor { parameters in
                node.evaluate(
                    "rabbit_auth_backend_internal:clear_permissions(<<\"visitor\">>, <<\"/\">>, <<\"test\">>)"
                ) { _ in
                    node.session.connectExpectingFailure(parameters) { error in
                        node.session.expect(
                            error, .virtualHostRefused, replyCode: 530, method: .connectionOpen, "onOpenError")
                        node.session.finish()
                    }
                }
            }
        },
        .onNode("a-right-that-is-taken-away-is-missed-at-the-next-channel") { node in
            let session = node.session
            node.addVisitor { parameters in
                session.connect(parameters) { connection in
                    session.channel(on: connection) { channel in
                        channel.queueDeclare(exclusive: true) { result in
                            _ = session.value(result, "declare")
                            node.evaluate(
                                """
                                rabbit_auth_backend_internal:set_permissions(
                                    <<"visitor">>, <<"/">>, <<"^$">>, <<".*">>, <<".*">>, <<"test">>)
                                """
                            ) { _ in
                                session.channel(on: connection) { channel in
                                    channel.queueDeclare(exclusive: true) { result in
                                        session.expectFailure(
                                            result, .channelClosedByBroker, replyCode: 403, method: .queueDeclare,
                                            "declare")
                                        session.finish()
                                    }
                                }
                            }
                        }
                    }
                }
            }
        },
        .onNode("a-full-virtual-host-refuses-with-530") { node in
            node.addVirtualHost { parameters in
                node.evaluate(
                    "rabbit_vhost_limit:parse_set(<<\"annex\">>, <<\"{\\\"max-connections\\\": 0}\">>, <<\"test\">>)"
                ) { _ in
                    node.session.connectExpectingFailure(parameters) { error in
                        node.session.expect(error, .virtualHostRefused, replyCode: 530, "onOpenError")
                        node.session.finish()
                    }
                }
            }
        },
        .onNode("a-user's-last-channel-is-530-on-the-connection") { node in
            let session = node.session
            node.addVisitor { parameters in
                node.evaluate(
                    """
                    rabbit_auth_backend_internal:set_user_limits(
                        <<"visitor">>, <<"{\\"max-channels\\": 1}">>, <<"test">>)
                    """
                ) { _ in
                    session.connect(parameters) { connection in
                        session.channel(on: connection) { _ in
                            connection.openChannel { result in
                                session.expectFailure(
                                    result, .connectionClosedByBroker, replyCode: 530, "open")
                                session.finish()
                            }
                        }
                    }
                }
            }
        },
        .onNode("a-message-above-the-broker's-limit-is-406") { node in
            node.evaluate("application:set_env(rabbit, max_message_size, 1000)") { _ in
                node.session.channel { channel in
                    channel.onClose { channel, error in
                        node.session.expect(
                            error, .channelClosedByBroker, replyCode: 406, method: .basicPublish, "onClose")
                        node.check.expect(channel.connection.isOpen, "the connection suffered")
                        node.session.finish()
                    }
                    node.session.publish(Array(repeating: 1, count: 1001), on: channel, routingKey: "nowhere")
                }
            }
        },
        .onNode("an-acknowledgement-that-does-not-come-is-406") { node in
            let session = node.session
            node.evaluate(
                """
                application:set_env(rabbit, consumer_timeout, 200),
                application:set_env(rabbit, channel_tick_interval, 100)
                """
            ) { _ in
                session.queue { channel, queue in
                    channel.onClose { channel, error in
                        session.expect(error, .channelClosedByBroker, replyCode: 406, "onClose")
                        session.check.expect(channel.connection.isOpen, "the connection suffered")
                        session.finish()
                    }
                    channel.basicConsume(queue, onMessage: { _, _ in })
                    session.publish("never acknowledged", on: channel, routingKey: queue)
                }
            }
        },
    ]

    /// A user's call is refused with 403, and only its channel ends.
    private static func refused(
        _ what: String, _ method: MethodID, configure: String = ".*", write: String = ".*", read: String = ".*",
        _ call: @escaping @Sendable (Session, Channel, @escaping (Result<Void, AMQPError>) -> Void) -> Void
    ) -> AdapterCheck {
        .onNode("\(what)-is-403-on-the-channel") { node in
            let session = node.session
            node.addVisitor(configure: configure, write: write, read: read) { parameters in
                session.connect(parameters) { connection in
                    session.channel(on: connection) { channel in
                        call(session, channel) { result in
                            session.expectFailure(
                                result, .channelClosedByBroker, replyCode: 403, method: method, what)
                            session.check.expect(connection.isOpen, "the connection suffered")
                            session.finish()
                        }
                    }
                }
            }
        }
    }
}
