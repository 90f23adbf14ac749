import AMQPConnection
import AdapterKit

/// Methods that are rarely used: new secrets, flow, realms, recover, and modes that are asked for twice.
enum RareMethodScenarios {
    static let all: [AdapterCheck] = [
        .scenario("update-secret-is-answered") { session in
            session.connect { connection in
                let answered = Countdown(2) {
                    session.channel(on: connection) { _ in session.finish() }
                }
                for secret in ["guest", "another"] {
                    connection.updateSecret(secret, reason: "a test") { result in
                        if session.value(result, "update-secret") != nil { answered.countDown() }
                    }
                }
            }
        },
        .scenario("stopping-the-flow-is-540-on-the-connection") { session in
            session.channel { channel in
                channel.flow(active: false) { result in
                    session.expectFailure(
                        result, .connectionClosedByBroker, replyCode: 540, method: .channelFlow, "flow")
                    session.finish()
                }
            }
        },
        .scenario("letting-the-flow-go-on-is-answered") { session in
            session.channel { channel in
                channel.flow(active: true) { result in
                    session.check.expectEqual(session.value(result, "flow")?.active, true, "active")
                    session.finish()
                }
            }
        },
        .scenario("access-request-gives-ticket-1") { session in
            session.channel { channel in
                channel.accessRequest("/data", active: true, write: true, read: true) { result in
                    session.check.expectEqual(session.value(result, "access.request")?.ticket, 1, "ticket")
                    session.finish()
                }
            }
        },
        .scenario("recover-async-delivers-unacknowledged-messages-again") { session in
            session.queue { channel, queue in
                channel.basicConsume(
                    queue,
                    onMessage: { channel, delivery in
                        if delivery.isRedelivered {
                            channel.basicAck(delivery.tag)
                            session.finish()
                        } else {
                            channel.basicRecoverAsync()
                        }
                    })
                do {
                    try channel.basicPublish("x", routingKey: queue)
                } catch {
                    session.check.fail("publish threw \(error)")
                }
            }
        },
        .scenario("recover-with-nothing-to-recover-is-answered") { session in
            session.channel { channel in
                channel.basicRecover { result in
                    _ = session.value(result, "recover")
                    session.finish()
                }
            }
        },
        .scenario("recover-async-without-requeue-is-refused-locally") { session in
            session.channel { channel in
                channel.connection.onError { _, error in
                    session.expect(error, .notSupported, method: .basicRecoverAsync, "recover-async")
                    session.check.expect(channel.isOpen, "the channel suffered")
                    session.finish()
                }
                channel.basicRecoverAsync(requeue: false)
            }
        },
        .scenario("confirm-mode-may-be-asked-for-twice") { session in
            session.channel { channel in
                channel.confirmSelect { result in
                    _ = session.value(result, "the first confirm.select")
                    publish(session, channel, expecting: 1) {
                        channel.confirmSelect { result in
                            _ = session.value(result, "the second confirm.select")
                            publish(session, channel, expecting: 2) { session.finish() }
                        }
                    }
                }
            }
        },
        .scenario("transaction-mode-may-be-asked-for-twice") { session in
            session.channel { channel in
                channel.txSelect { _ in
                    channel.txSelect { result in
                        _ = session.value(result, "the second tx.select")
                        channel.txRollback { result in
                            _ = session.value(result, "tx.rollback")
                            session.finish()
                        }
                    }
                }
            }
        },
    ]

    /// Publishes a message to nowhere, which must have this sequence number and be confirmed.
    private static func publish(
        _ session: Session, _ channel: Channel, expecting number: UInt64, then: @escaping () -> Void
    ) {
        do {
            let sequence = try channel.basicPublish("x", routingKey: session.uniqueName()) { outcome in
                if case .confirmed = outcome {} else { session.check.fail("publish \(number): \(outcome)") }
                then()
            }
            session.check.expectEqual(sequence, number, "sequence number")
        } catch {
            session.check.fail("publish threw \(error)")
            session.finish()
        }
    }
}
