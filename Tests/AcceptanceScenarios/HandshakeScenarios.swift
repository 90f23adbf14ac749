import AMQPConnection
import AdapterKit

/// Connections that do not get through the handshake: given up, timed out, cut off at each of its stages.
enum HandshakeScenarios {
    /// What the client waits for when the broker falls silent.
    private enum Stage: String, CaseIterable {
        case start = "connection.start"
        case tune = "connection.tune"
        case openOK = "connection.open-ok"

        /// How many bytes of the broker's come before.
        func position(_ startSize: Int) -> Int {
            switch self {
            case .start: 0
            case .tune: startSize
            case .openOK: startSize + Session.tuneSize
            }
        }

        /// What the end of the stream means there; the broker gives no reason.
        var codeOfLoss: AMQPError.Code {
            switch self {
            case .start: .incompatibleProtocol
            case .tune: .authenticationRefused
            case .openOK: .virtualHostRefused
            }
        }
    }

    static let all: [AdapterCheck] =
        Stage.allCases.flatMap { stage in
            [
                closing(stage), timeOut(stage), loss(stage, .endOfStream, "the-end-of-the-stream"),
                loss(stage, .reset, "a-reset"),
            ]
        } + [
            .scenario("a-session-in-single-bytes-is-like-any-other") { session in
                let (_, parameters) = try session.proxy(toServer: .pieces(of: 1), toClient: .pieces(of: 1))
                session.connect(parameters) { connection in
                    session.channel(on: connection) { channel in
                        channel.queueDeclare(exclusive: true) { result in
                            guard let queue = session.value(result, "declare")?.queue else { return }
                            channel.basicConsume(
                                queue, autoAck: true,
                                onMessage: { _, delivery in
                                    session.check.expectEqual(delivery.text, "in single bytes", "message")
                                    session.finish()
                                })
                            session.publish("in single bytes", on: channel, routingKey: queue)
                        }
                    }
                }
            },
            .scenario("parameters-out-of-range-never-reach-the-broker") { session in
                var parameters = session.parameters
                parameters.frameMax = 100
                session.connectExpectingFailure(parameters) { error in
                    session.expect(error, .invalidArgument, "frame-max 100")
                    session.finish()
                }
            },
            .scenario("a-lower-channel-max-is-agreed-on") { session in
                var parameters = session.parameters
                parameters.channelMax = 2
                session.connect(parameters) { connection in
                    session.check.expectEqual(connection.tuned?.channelMax, 2, "channel-max")
                    connection.openChannel(number: 3) { result in
                        session.expectFailure(result, .invalidArgument, "channel 3")
                        session.finish()
                    }
                }
            },
            .scenario("closing-twice-while-opening-is-refused-the-second-time") { session in
                let (_, parameters) = try session.proxy(toClient: .stall(after: 0))
                let ended = Countdown(3) { session.finish() }
                let connection = Connection(
                    parameters, on: session.loop,
                    onOpenError: { _, error in
                        session.expect(error, .connectionOpenAborted, "onOpenError")
                        ended.countDown()
                    })
                connection.close { result in
                    _ = session.value(result, "first close")
                    ended.countDown()
                }
                connection.close { result in
                    session.expectFailure(result, .connectionWrongState, "second close")
                    ended.countDown()
                }
            },
            .scenario("the-counters-count-what-passes") { session in
                session.connect { connection in
                    let before = (connection.framesSent, connection.framesReceived, connection.bytesSent)
                    session.channel(on: connection) { _ in
                        session.check.expectEqual(connection.framesSent, before.0 + 1, "frames sent")
                        session.check.expectEqual(connection.framesReceived, before.1 + 1, "frames received")
                        session.check.expectEqual(connection.bytesSent, before.2 + 13, "bytes sent")
                        session.finish()
                    }
                }
            },
            .scenario("the-broker-says-what-it-can-do") { session in
                session.connect { connection in
                    for capability in [
                        "publisher_confirms", "exchange_exchange_bindings", "basic.nack", "consumer_cancel_notify",
                        "connection.blocked", "consumer_priorities", "authentication_failure_close",
                        "per_consumer_qos",
                    ] {
                        session.check.expectEqual(connection.serverCapabilities[capability], true, capability)
                    }
                    session.finish()
                }
            },
        ]

    /// The user closes while the client waits.
    private static func closing(_ stage: Stage) -> AdapterCheck {
        .scenario("closing-while-\(stage.rawValue)-is-awaited-gives-up-once") { session in
            session.startSize { startSize in
                let position = stage.position(startSize)
                stalled(session, position) { parameters in
                    var failures = 0
                    let connection = Connection(
                        parameters, on: session.loop,
                        onOpen: { _ in session.check.fail("onOpen came") },
                        onOpenError: { _, error in
                            session.expect(error, .connectionOpenAborted, "onOpenError")
                            failures += 1
                        }, onClose: { _, _ in session.check.fail("onClose came") })
                    session.when({ connection.bytesReceived == position && connection.bytesSent >= 8 }) {
                        connection.close { result in
                            _ = session.value(result, "close")
                            session.check.expectEqual(failures, 1, "onOpenError calls")
                            session.check.expect(connection.isClosed, "\(connection)")
                            session.finish()
                        }
                        session.check.expectEqual(failures, 0, "onOpenError calls inside close")
                    }
                }
            }
        }
    }

    private static func timeOut(_ stage: Stage) -> AdapterCheck {
        .scenario("waiting-for-\(stage.rawValue)-ends-with-the-stack-timeout") { session in
            session.startSize { startSize in
                stalled(session, stage.position(startSize)) { parameters in
                    var parameters = parameters
                    parameters.stackTimeout = .milliseconds(200)
                    let begin = session.loop.now
                    session.connectExpectingFailure(parameters) { error in
                        session.expect(error, .deadlineExceeded, "onOpenError")
                        let elapsed = begin.duration(to: session.loop.now)
                        session.check.expect(elapsed >= .milliseconds(200), "it ended after \(elapsed)")
                        session.finish()
                    }
                }
            }
        }
    }

    private static func loss(_ stage: Stage, _ cut: StreamCut, _ what: String) -> AdapterCheck {
        .scenario("\(what)-before-\(stage.rawValue)-says-what-it-may-mean") { session in
            session.startSize { startSize in
                do {
                    let (_, parameters) = try session.proxy(
                        toClient: .cut(after: stage.position(startSize), by: cut))
                    session.connectExpectingFailure(parameters) { error in
                        session.expect(error, stage.codeOfLoss, "onOpenError")
                        session.check.expectEqual(error.replyCode, nil, "reply code")
                        session.finish()
                    }
                } catch {
                    session.check.fail("\(error)")
                    session.finish()
                }
            }
        }
    }

    /// Parameters that lead through a proxy which lets no more of the broker's bytes pass.
    private static func stalled(_ session: Session, _ position: Int, _ body: (ConnectionParameters) -> Void) {
        do {
            body(try session.proxy(toClient: .stall(after: position)).1)
        } catch {
            session.check.fail("\(error)")
            session.finish()
        }
    }
}
