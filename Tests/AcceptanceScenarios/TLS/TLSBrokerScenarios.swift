import AMQPConnection
import AdapterKit
import BrokerSupport

/// Sessions with the real broker over TLS.
enum TLSBrokerScenarios {
    static let all: [AdapterCheck] = [
        .scenario("tls-five-steps-with-the-broker") { session in
            session.connect(try TestBroker.tlsParameters()) { connection in
                connection.channel { channel in
                    channel.queueDeclare(exclusive: true) { result in
                        guard let queue = session.value(result, "queue.declare")?.queue else { return }
                        channel.basicConsume(
                            queue,
                            onMessage: { channel, delivery in
                                session.check.expectEqual(delivery.text, "over TLS", "body")
                                channel.basicAck(delivery.tag)
                                session.finish()
                            })
                        session.publish("over TLS", on: channel, routingKey: queue)
                    }
                }
            }
        },
        .scenario("tls-bodies-of-a-mebibyte-come-back-equal", limit: .seconds(60)) { session in
            session.connect(try TestBroker.tlsParameters()) { connection in
                session.channel(on: connection) { channel in
                    let body = (0 ..< 1 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
                    let count = 8
                    let done = Countdown(2 * count) { session.finish() }
                    channel.queueDeclare(exclusive: true) { result in
                        guard let queue = session.value(result, "queue.declare")?.queue else { return }
                        channel.basicConsume(
                            queue, autoAck: true,
                            onMessage: { _, delivery in
                                session.check.expect(delivery.body.elementsEqual(body), "a body came back different")
                                done.countDown()
                            })
                        channel.confirmSelect { _ in
                            for index in 0 ..< count {
                                session.publish(body, on: channel, routingKey: queue) { outcome in
                                    if case .confirmed = outcome {
                                    } else {
                                        session.check.fail("publish \(index): \(outcome)")
                                    }
                                    done.countDown()
                                }
                            }
                        }
                    }
                }
            }
        },
        .scenario("tls-a-thousand-publishes-are-confirmed-and-arrive-in-order") { session in
            session.connect(try TestBroker.tlsParameters()) { connection in
                session.channel(on: connection) { channel in
                    let count = 1000
                    var received = 0
                    let done = Countdown(2 * count) { session.finish() }
                    channel.queueDeclare(exclusive: true) { result in
                        guard let queue = session.value(result, "queue.declare")?.queue else { return }
                        channel.basicConsume(
                            queue, autoAck: true,
                            onMessage: { _, delivery in
                                session.check.expectEqual(delivery.text, "message \(received)", "order")
                                received += 1
                                done.countDown()
                            })
                        channel.confirmSelect { _ in
                            for index in 0 ..< count {
                                session.publish("message \(index)", on: channel, routingKey: queue) { _ in
                                    done.countDown()
                                }
                            }
                        }
                    }
                }
            }
        },
        .scenario("tls-a-client-certificate-logs-in-by-external") { session in
            var parameters = try TestBroker.tlsParameters()
            parameters.tls?.certificateFile = try TestBroker.tlsFile("client.pem")
            parameters.tls?.keyFile = try TestBroker.tlsFile("client.key")
            parameters.credentials = ExternalCredentials()
            session.connect(parameters) { connection in
                session.channel(on: connection) { _ in session.finish() }
            }
        },
        .scenario("tls-external-without-a-certificate-is-refused") { session in
            var parameters = try TestBroker.tlsParameters()
            parameters.credentials = ExternalCredentials()
            session.connectExpectingFailure(parameters) { error in
                session.check.expect(
                    [.authenticationRefused, .authenticationMechanismNotOffered].contains(error.code), "\(error)")
                session.finish()
            }
        },
        .scenario("tls-the-brokers-certificate-must-be-for-the-host") { session in
            var parameters = try TestBroker.tlsParameters()
            parameters.tls?.serverName = "other.test"
            session.connectExpectingFailure(parameters) { error in
                session.expect(error, .certificateForAnotherHost, "another name")
                session.finish()
            }
        },
        .scenario("tls-the-brokers-authority-must-be-trusted") { session in
            var parameters = try TestBroker.tlsParameters()
            parameters.tls = TLSConfiguration()
            session.connectExpectingFailure(parameters) { error in
                session.expect(error, .certificateUntrusted, "the system's authorities")
                session.finish()
            }
        },
        .scenario("tls-a-plain-client-is-told-that-the-port-does-not-speak-amqp") { session in
            var parameters = session.parameters
            parameters.port = try TestBroker.tlsParameters().port
            session.connectExpectingFailure(parameters) { error in
                session.check.expect([.incompatibleProtocol, .streamLost].contains(error.code), "\(error)")
                session.finish()
            }
        },
        .scenario("tls-to-the-plain-port-is-refused-and-nothing-falls-back") { session in
            var parameters = session.parameters
            parameters.tls = try TestBroker.tlsParameters().tls
            session.connectExpectingFailure(parameters) { error in
                session.expect(error, .notTLS, "the plain port")
                session.finish()
            }
        },
    ]
}
