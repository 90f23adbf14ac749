import AMQPConnection
import AdapterKit

/// Opening connections and channels.
enum OpeningScenarios {
    static let all: [AdapterCheck] = [
        .scenario("opens-a-connection") { session in
            session.connect { connection in
                session.check.expect(connection.isOpen, "the connection is not open in onOpen")
                session.check.expectEqual(connection.serverProperties["product"], "RabbitMQ", "product")
                session.check.expectEqual(connection.tuned?.frameMax, 131_072, "frame-max")
                session.check.expectEqual(connection.tuned?.channelMax, 2047, "channel-max")
                session.finish()
            }
        },
        .scenario("callbacks-come-after-the-call-that-leads-to-them") { session in
            var isConstructing = true
            session.connect { connection in
                session.check.expect(!isConstructing, "onOpen ran inside the initialiser")
                var isCalling = true
                connection.openChannel { _ in
                    session.check.expect(!isCalling, "a completion ran inside the call")
                    session.finish()
                }
                isCalling = false
            }
            isConstructing = false
        },
        .scenario("a-wrong-password-is-refused-with-403") { session in
            var parameters = session.parameters
            parameters.credentials = PlainCredentials(username: "guest", password: "wrong")
            session.connectExpectingFailure(parameters) { error in
                session.expect(error, .authenticationRefused, replyCode: 403, "wrong password")
                session.check.expect(!"\(error)".contains("wrong"), "the error shows the password: \(error)")
                session.finish()
            }
        },
        .scenario("an-unknown-virtual-host-is-refused-with-530") { session in
            var parameters = session.parameters
            parameters.virtualHost = "nowhere"
            session.connectExpectingFailure(parameters) { error in
                session.expect(
                    error, .virtualHostRefused, replyCode: 530, method: .connectionOpen, "unknown virtual host")
                session.finish()
            }
        },
        .scenario("a-refused-port-is-a-failed-connect") { session in
            var parameters = session.parameters
            parameters.port = 1
            session.connectExpectingFailure(parameters) { error in
                session.expect(error, .connectFailed, "refused port")
                session.finish()
            }
        },
        .scenario("an-unresolvable-host-is-a-failed-resolution") { session in
            var parameters = session.parameters
            parameters.host = "host.invalid"
            session.connectExpectingFailure(parameters) { error in
                session.expect(error, .resolutionFailed, "unresolvable host")
                session.finish()
            }
        },
        .scenario("closing-right-after-construction-aborts-the-opening") { session in
            var events: [String] = []
            let connection = Connection(
                session.parameters, on: session.loop, onOpen: { _ in events.append("open") },
                onOpenError: { _, error in
                    events.append("openError")
                    session.expect(error, .connectionOpenAborted, "abort")
                }, onClose: { _, _ in events.append("close") })
            connection.close { result in
                if case .failure(let error) = result { session.check.fail("close failed: \(error)") }
                session.check.expectEqual(events, ["openError"], "events")
                session.finish()
            }
            session.check.expectEqual(events, [], "events inside close()")
        },
        .scenario("channels-get-the-lowest-free-number") { session in
            session.connect { connection in
                session.channel(on: connection) { first in
                    session.channel(on: connection) { second in
                        session.check.expectEqual([first.number, second.number], [1, 2], "numbers")
                        first.close { _ in
                            session.channel(on: connection) { third in
                                session.check.expectEqual(third.number, 1, "a freed number is used again")
                                session.finish()
                            }
                        }
                    }
                }
            }
        },
        .scenario("an-explicit-channel-number-in-use-is-refused") { session in
            session.connect { connection in
                connection.openChannel(number: 7) { result in
                    guard let channel = session.value(result, "channel 7") else { return }
                    session.check.expectEqual(channel.number, 7, "number")
                    connection.openChannel(number: 7) { result in
                        session.expectFailure(result, .channelNumberInUse, "channel 7 again")
                        session.check.expect(channel.isOpen, "the first channel 7 suffered")
                        session.finish()
                    }
                }
            }
        },
        .scenario("too-many-channels-are-refused") { session in
            var parameters = session.parameters
            parameters.channelMax = 3
            session.connect(parameters) { connection in
                let open = Countdown(3) {
                    connection.openChannel { result in
                        session.expectFailure(result, .noFreeChannels, "the fourth channel")
                        session.finish()
                    }
                }
                for _ in 1 ... 3 { session.channel(on: connection) { _ in open.countDown() } }
            }
        },
        .scenario("several-connections-share-one-loop") { session in
            let open = Countdown(5) { session.finish() }
            for _ in 1 ... 5 { session.connect { _ in open.countDown() } }
        },
    ]
}
