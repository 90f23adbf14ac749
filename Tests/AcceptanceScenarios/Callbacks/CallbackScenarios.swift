import AMQPConnection
import AdapterKit

/// Every action in every kind of callback: inside a callback every call is legal.
enum CallbackScenarios {
    static let all: [AdapterCheck] =
        CallbackAction.allCases.flatMap { action in
            CallbackPlace.allCases.map { place in
                .scenario("\(action.rawValue)-in-\(place.rawValue)") { session in
                    CallbackStage.make(session, action: action.perform, then: place.reach)
                }
            }
        } + atTheEnds

    /// Callbacks of a connection that is not open yet, or no longer.
    private static let atTheEnds: [AdapterCheck] = [
        .scenario("opening-channels-in-onOpen-of-every-listener") { session in
            let opened = Countdown(2) { session.finish() }
            let connection = session.connect { connection in
                session.channel(on: connection) { _ in opened.countDown() }
            }
            connection.onOpen { connection in session.channel(on: connection) { _ in opened.countDown() } }
        },
        .scenario("closing-in-onOpen-spares-no-listener") { session in
            var events: [String] = []
            let connection = session.connect { connection in
                events.append("first")
                connection.close()
            }
            connection.onOpen { connection in
                events.append("second")
                session.check.expect(connection.isClosing, "the connection is not closing")
            }
            connection.onClose { _, error in
                session.expect(error, .connectionClosedByClient, "onClose")
                session.check.expectEqual(events, ["first", "second"], "onOpen calls")
                session.finish()
            }
        },
        .scenario("connecting-again-in-onClose") { session in
            session.connect { connection in
                connection.onClose { _, _ in
                    session.queue { _, _ in session.finish() }
                }
                connection.close()
            }
        },
        .scenario("connecting-again-in-onOpenError") { session in
            var parameters = session.parameters
            parameters.virtualHost = "nowhere"
            session.connectExpectingFailure(parameters) { _ in
                session.queue { _, _ in session.finish() }
            }
        },
        .scenario("calls-in-onClose-are-refused-with-the-reason") { session in
            session.channel { channel in
                let connection = channel.connection
                connection.onClose { connection, _ in
                    connection.openChannel { result in
                        session.expectFailure(result, .connectionWrongState, "channel.open")
                        channel.queueDeclare { result in
                            session.expectFailure(result, .channelWrongState, "declare")
                            connection.close { result in
                                session.expectFailure(result, .connectionWrongState, "close")
                                session.finish()
                            }
                        }
                    }
                }
                connection.close()
            }
        },
    ]
}
