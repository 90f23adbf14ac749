internal import AMQPConnection
internal import AMQPPosix

/// Sessions in which something goes wrong: each ends once, in time, with an error that says what it was.
enum SessionFaultChecks {
    static let all = [
        AdapterCheck(
            "fault/channel-exception-spares-the-connection", .session, covers: ["L5"], needs: .sockets, channelException
        ),
        AdapterCheck("fault/connection-exception", .session, covers: ["L5"], needs: .sockets, connectionException),
        AdapterCheck("fault/authentication-refused", .session, needs: .sockets, authenticationRefused),
        AdapterCheck("fault/virtual-host-refused", .session, needs: .sockets, virtualHostRefused),
        AdapterCheck("fault/no-broker-at-all", .session, needs: .sockets, noBroker),
        AdapterCheck("fault/silence-while-opening", .session, needs: .sockets, silenceWhileOpening),
        AdapterCheck("fault/closed-while-opening", .session, covers: ["L5"], needs: .sockets, closedWhileOpening),
        AdapterCheck("fault/close-crosses-close", .session, covers: ["L5"], needs: .sockets, closeCrossesClose),
        AdapterCheck("fault/close-is-never-confirmed", .session, covers: ["L5"], needs: .sockets, closeNeverConfirmed),
        AdapterCheck("fault/heartbeats-are-sent", .session, needs: .sockets, heartbeatsAreSent),
        AdapterCheck("fault/silent-broker-is-noticed", .session, needs: .sockets, silentBroker),
        AdapterCheck("fault/blocked-and-unblocked", .session, needs: .sockets, blockedAndUnblocked),
        AdapterCheck("fault/consumer-cancelled-by-the-broker", .session, needs: .sockets, consumerCancelled),
        AdapterCheck("fault/handlers-error-reaches-the-user", .session, covers: ["L8"], needs: .sockets, handlersError),
        AdapterCheck("fault/nonsense-from-the-broker", .session, needs: .sockets, nonsense),
        AdapterCheck(
            "fault/every-request-fails-once-when-the-stream-is-lost", .session, covers: ["L5"], needs: .sockets,
            everyRequestFails),
        AdapterCheck("fault/end-at-every-frame-border", .session, covers: ["L5"], needs: .sockets, limit: .seconds(60))
        { check in
            try everyFrameBorder(check, .endOfStream)
        },
        AdapterCheck(
            "fault/reset-at-every-frame-border", .session, covers: ["L5"], needs: .sockets, limit: .seconds(60)
        ) { check in
            try everyFrameBorder(check, .reset)
        },
        AdapterCheck("fault/cut-at-many-bytes-down", .session, covers: ["L5"], needs: .sockets, limit: .seconds(60)) {
            check in
            try manyBytes(check, isUpstream: false)
        },
        AdapterCheck("fault/cut-at-many-bytes-up", .session, covers: ["L5"], needs: .sockets, limit: .seconds(60)) {
            check in
            try manyBytes(check, isUpstream: true)
        },
        AdapterCheck("fault/stall-ends-at-the-deadline", .session, covers: ["L5"], needs: .sockets, stall),
        AdapterCheck("fault/connection-is-released", .session, covers: ["L4"], needs: .sockets, connectionIsReleased),
        AdapterCheck(
            "fault/closed-loop-ends-its-connections", .session, covers: ["L5"], needs: [.sockets, .closing], closedLoop),
    ]

    @Sendable static func channelException(_ check: CheckRun) throws {
        let server = try BrokerServer()
        let completions = Completions(check)
        var codes: [UInt16?] = []
        check.run("a channel exception") {
            check.withChannel(server) { connection, channel, _ in
                for name in ["passive", "pending", "other"] { completions.expect(name) }
                channel.onClose { _, error in codes.append(error.replyCode) }
                channel.queueDeclare("missing", passive: true) { result in
                    completions.complete("passive")
                    if case .failure(let error) = result { codes.append(error.replyCode) }
                }
                channel.queueDeclare("behind") { result in
                    completions.complete("pending")
                    if case .success = result { check.fail("a request behind a channel exception succeeded") }
                    connection.openChannel { result in
                        guard let other = try? result.get() else {
                            check.fail("a channel exception broke the connection")
                            return connection.close()
                        }
                        other.queueDeclare("fine") { result in
                            completions.complete("other")
                            if case .failure(let error) = result { check.fail("\(error)") }
                            connection.close()
                        }
                    }
                }
            }
        }
        completions.verify()
        check.expectEqual(codes, [404, 404], "reply codes of the failed call and of the channel's end")
    }

    @Sendable static func connectionException(_ check: CheckRun) throws {
        let server = try BrokerServer(
            BrokerScript { broker, received in
                guard case .queueDeclare = received.method else { return false }
                broker.closeConnection(504, "CHANNEL_ERROR")
                return true
            })
        let completions = Completions(check)
        var order: [String] = []
        check.run("a connection exception") {
            check.withChannel(server) { _, channel, probe in
                completions.expect("declare")
                channel.onClose { _, _ in order.append("channel") }
                channel.queueDeclare("q") { _ in completions.complete("declare") }
                probe.onEnd = { error in
                    order.append("connection")
                    check.expectEqual(error.code, .connectionClosedByBroker, "how the connection ended")
                    check.expectEqual(error.replyCode, 504, "the reply code")
                    check.when({ server.record.methodNames.last == "connection.close-ok" }) { check.finish() }
                }
            }
        }
        completions.verify()
        check.expectEqual(order, ["channel", "connection"], "order of ends")
    }

    /// Runs a connection that cannot be opened and checks what it ends with.
    private static func fails(
        _ check: CheckRun, _ parameters: ConnectionParameters, _ code: AMQPError.Code
    ) {
        check.run("the end of a connection that cannot be opened") {
            SessionProbe(check, parameters) { connection, _ in
                check.fail("the connection is open")
                connection.close()
            }.onEnd = { error in
                check.expectEqual(error.code, code, "how the connection ended")
                check.loop.callLater(.milliseconds(10)) { check.finish() }
            }
        }
    }

    @Sendable static func authenticationRefused(_ check: CheckRun) throws {
        let server = try BrokerServer(
            BrokerScript { broker, received in
                guard case .connectionStartOK = received.method else { return false }
                broker.closeConnection(403, "ACCESS_REFUSED - Login was refused")
                return true
            })
        fails(check, check.parameters(server.address), .authenticationRefused)
    }

    @Sendable static func virtualHostRefused(_ check: CheckRun) throws {
        let server = try BrokerServer(
            BrokerScript { broker, received in
                guard case .connectionOpen = received.method else { return false }
                broker.closeConnection(530, "NOT_ALLOWED - vhost not found")
                return true
            })
        fails(check, check.parameters(server.address), .virtualHostRefused)
    }

    @Sendable static func noBroker(_ check: CheckRun) throws {
        var script = BrokerScript()
        for greeting in ["HTTP/1.1 400 Bad Request\r\n\r\n", "SSH-2.0-OpenSSH_9.2\r\n", "AMQP\u{0}\u{1}\u{0}\u{0}"] {
            script.greeting = Array(greeting.utf8)
            let server = try BrokerServer(script)
            fails(check, check.parameters(server.address), .incompatibleProtocol)
        }
    }

    @Sendable static func silenceWhileOpening(_ check: CheckRun) throws {
        let begin = System.now
        let server = try BrokerServer(BrokerScript { _, _ in true })
        fails(check, check.parameters(server.address, stackTimeout: .milliseconds(200)), .deadlineExceeded)
        let passed = begin.duration(to: System.now)
        check.expect(passed < .seconds(2), "a deadline of 200 ms took \(passed)")
    }

    @Sendable static func closedWhileOpening(_ check: CheckRun) throws {
        let server = try BrokerServer(BrokerScript { _, _ in true })
        // At once, while the name is resolved, while the stream is opened, and while nobody answers.
        for delay in [-1, 0, 1, 20] {
            let completions = Completions(check)
            completions.expect("close")
            check.run("the end of a connection that was closed after \(delay) ms") {
                let probe = SessionProbe(check, check.parameters(server.address)) { _, _ in
                    check.fail("the connection is open")
                }
                let connection = probe.connection
                func close() {
                    check.duringCall("close") { connection?.close { _ in completions.complete("close") } }
                }
                if delay < 0 { close() } else { check.loop.callLater(.milliseconds(delay)) { close() } }
                probe.onEnd = { error in
                    check.expectEqual(error.code, .connectionOpenAborted, "how the connection ended")
                    check.loop.callLater(.milliseconds(10)) { check.finish() }
                }
            }
            completions.verify()
        }
    }

    @Sendable static func closeCrossesClose(_ check: CheckRun) throws {
        let server = try BrokerServer(
            BrokerScript { broker, received in
                guard case .connectionClose = received.method else { return false }
                // The broker's close was under way when the client's came.
                broker.closeConnection(320, "CONNECTION_FORCED")
                broker.send(.connectionCloseOK(ConnectionCloseOK()), channel: 0)
                return true
            })
        let completions = Completions(check)
        completions.expect("close")
        check.run("the end of a connection that both sides closed") {
            SessionProbe(check, check.parameters(server.address)) { connection, _ in
                connection.close { _ in completions.complete("close") }
            }
        }
        completions.verify()
        check.expectEqual(server.record.problems, [], "what the broker found wrong")
    }

    @Sendable static func closeNeverConfirmed(_ check: CheckRun) throws {
        let server = try BrokerServer(
            BrokerScript { _, received in
                if case .connectionClose = received.method { true } else { false }
            })
        let completions = Completions(check)
        completions.expect("close")
        check.run("the end of a connection whose close is not confirmed") {
            SessionProbe(check, check.parameters(server.address)) { connection, _ in
                connection.close(deadline: .milliseconds(100)) { _ in completions.complete("close") }
            }
        }
        completions.verify()
    }

    @Sendable static func heartbeatsAreSent(_ check: CheckRun) throws {
        let server = try BrokerServer()
        check.run("heartbeats of an idle connection") {
            SessionProbe(check, check.parameters(server.address, heartbeat: 1)) { connection, _ in
                check.loop.callLater(.milliseconds(2200)) { connection.close() }
            }
        }
        let count = server.record.heartbeatCount
        check.expect((3 ... 6).contains(count), "\(count) heartbeats in 2.2 s with an interval of half a second")
    }

    @Sendable static func silentBroker(_ check: CheckRun) throws {
        var script = BrokerScript()
        script.sendsHeartbeats = false
        let server = try BrokerServer(script)
        var passed = Duration.zero
        check.run("the end of a connection whose broker is silent") {
            var opened = System.now
            SessionProbe(check, check.parameters(server.address, heartbeat: 1)) { _, _ in
                opened = System.now
            }.onEnd = { error in
                passed = opened.duration(to: System.now)
                check.expectEqual(error.code, .heartbeatTimeout, "how the connection ended")
                check.finish()
            }
        }
        check.expect(
            passed > .milliseconds(1400) && passed < .milliseconds(3500),
            "with heartbeats of 1 s a silent broker was noticed after \(passed)")
    }

    @Sendable static func blockedAndUnblocked(_ check: CheckRun) throws {
        let server = try BrokerServer(
            BrokerScript { broker, received in
                guard case .queueDeclare = received.method else { return false }
                broker.send(.connectionBlocked(ConnectionBlocked(reason: "low on memory")), channel: 0)
                broker.send(.connectionUnblocked(ConnectionUnblocked()), channel: 0)
                return false
            })
        var events: [String] = []
        check.run("blocked and unblocked") {
            check.withChannel(server) { connection, channel, _ in
                connection.onBlocked { connection, reason in
                    events.append("\(reason) \(connection.blockedReason != nil)")
                }
                connection.onUnblocked { connection in events.append("unblocked \(connection.blockedReason == nil)") }
                channel.queueDeclare("q") { _ in connection.close() }
            }
        }
        check.expectEqual(events, ["low on memory true", "unblocked true"], "events")
    }

    @Sendable static func consumerCancelled(_ check: CheckRun) throws {
        let server = try BrokerServer(
            BrokerScript { broker, received in
                guard case .basicConsume(let consume) = received.method else { return false }
                broker.send(
                    .basicConsumeOK(BasicConsumeOK(consumerTag: consume.consumerTag)), channel: received.channel)
                broker.send(
                    .basicCancel(BasicCancel(consumerTag: consume.consumerTag, noWait: true)), channel: received.channel
                )
                return true
            })
        var codes: [AMQPError.Code] = []
        check.run("a consumer that the broker cancelled") {
            check.withChannel(server) { connection, channel, _ in
                channel.basicConsume(
                    "q",
                    onCancel: { _, error in
                        codes.append(error.code)
                        check.loop.callLater(.milliseconds(10)) { connection.close() }
                    }, onMessage: { _, _ in })
            }
        }
        check.expectEqual(codes, [.consumerCancelled], "how the consumer ended")
    }

    @Sendable static func handlersError(_ check: CheckRun) throws {
        struct Mistake: Error {}
        let server = try BrokerServer()
        var errors: [Bool] = []
        check.run("the error of a handler") {
            check.withChannel(server) { connection, channel, _ in
                connection.onError { connection, error in
                    errors.append(error.code == .handlerFailed && error.underlying is Mistake)
                    check.loop.callLater(.milliseconds(10)) {
                        check.expect(connection.isOpen, "an error of a handler ended the connection")
                        connection.close()
                    }
                }
                channel.queueDeclare("q") { _ in
                    channel.basicConsume("q", onMessage: { _, _ in throw Mistake() })
                    _ = try? channel.basicPublish("m", routingKey: "q")
                }
            }
        }
        check.expectEqual(errors, [true], "whether the error came as itself")
    }

    @Sendable static func nonsense(_ check: CheckRun) throws {
        let pieces: [[UInt8]] = [
            [9, 0, 0, 0, 0, 0, 0, 0xCE],  // a frame type that does not exist
            [1, 0, 0, 0, 0, 0, 4, 0, 10, 0, 10, 0],  // a frame whose end octet is wrong
            [1, 0, 0, 0x7F, 0xFF, 0xFF, 0xFF, 0],  // a frame of 2 GiB
            [1, 0, 0, 0, 0, 0, 4, 0, 99, 0, 99, 0xCE],  // a method that does not exist
            [3, 0, 1, 0, 0, 0, 1, 7, 0xCE],  // a body without a method
        ]
        for piece in pieces {
            let server = try BrokerServer(
                BrokerScript { broker, received in
                    guard case .queueDeclare = received.method else { return false }
                    broker.sendBytes(piece)
                    return true
                })
            let completions = Completions(check)
            completions.expect("declare")
            check.run("the end of a connection after nonsense") {
                check.withChannel(server) { _, channel, probe in
                    channel.queueDeclare("q") { _ in completions.complete("declare") }
                    probe.onEnd = { error in
                        check.expectEqual(error.code, .protocolViolation, "how the connection ended after \(piece)")
                        check.loop.callLater(.milliseconds(10)) { check.finish() }
                    }
                }
            }
            completions.verify()
        }
    }

    @Sendable static func everyRequestFails(_ check: CheckRun) throws {
        let server = try BrokerServer(
            BrokerScript { broker, received in
                switch received.method {
                case .txSelect:
                    broker.end(.reset)
                    return true
                case .queueDeclare, .queuePurge, .basicGet, .basicQos: return true
                default: return false
                }
            })
        let completions = Completions(check)
        check.run("the end of a connection with requests under way") {
            check.withChannel(server) { connection, channel, _ in
                for name in ["declare", "purge", "get", "qos", "select", "channel", "publish", "behind"] {
                    completions.expect(name)
                }
                func complete<Value>(_ name: String) -> (Result<Value, AMQPError>) -> Void {
                    { result in
                        completions.complete(name)
                        if case .success = result { check.fail("\(name) succeeded") }
                    }
                }
                channel.confirmSelect { _ in
                    channel.queueDeclare("q", completion: complete("declare"))
                    channel.queuePurge("q", completion: complete("purge"))
                    channel.basicGet("q", completion: complete("get"))
                    channel.basicQos(prefetchCount: 1, completion: complete("qos"))
                    connection.openChannel { result in
                        completions.complete("channel")
                        guard let other = try? result.get() else { return }
                        // The second waits for the first, whose answer is the loss of the stream.
                        other.txSelect(completion: complete("select"))
                        other.queueDeclare("q", completion: complete("behind"))
                    }
                    _ = try? channel.basicPublish("m", routingKey: "q") { _ in completions.complete("publish") }
                }
            }
        }
        completions.verify()
    }

    /// One session from beginning to end; whatever happens to its stream, all its continuations complete once.
    private static func session(_ check: CheckRun, _ address: SocketAddress, _ what: String) {
        let completions = Completions(check)
        check.run("the end of a session whose stream was lost \(what)") {
            completions.expect("end")
            let parameters = check.parameters(address, stackTimeout: .seconds(3))
            SessionProbe(check, parameters) { connection, _ in
                completions.expect("channel")
                connection.openChannel { result in
                    completions.complete("channel")
                    guard let channel = try? result.get() else { return }
                    completions.expect("channel's end")
                    completions.expect("declare")
                    channel.onClose { _, _ in completions.complete("channel's end") }
                    channel.queueDeclare("q") { result in
                        completions.complete("declare")
                        guard case .success = result else { return }
                        completions.expect("consume")
                        channel.basicConsume(
                            "q", autoAck: true, onMessage: { _, _ in closeConnection() },
                            completion: { _ in completions.complete("consume") })
                        _ = try? channel.basicPublish("message", routingKey: "q")
                    }
                }
                func closeConnection() {
                    completions.expect("close")
                    connection.close { _ in completions.complete("close") }
                }
            }.onEnd = { _ in
                completions.complete("end")
                check.loop.callLater(.milliseconds(2)) { check.finish() }
            }
        }
        completions.verify()
    }

    private static func everyFrameBorder(_ check: CheckRun, _ cut: StreamCut) throws {
        // start, tune, open-ok, channel.open-ok, declare-ok, consume-ok, deliver (3 frames), close-oks (2)
        for count in 0 ... 11 {
            var script = BrokerScript()
            script.cutAfterFrames = count
            script.cut = cut
            let server = try BrokerServer(script)
            session(check, server.address, "behind frame \(count) of the broker's")
        }
    }

    private static func manyBytes(_ check: CheckRun, isUpstream: Bool) throws {
        let server = try BrokerServer()
        let proxy = try FaultProxy(to: server.address)
        for position in stride(from: 0, to: 600, by: 23) {
            for cut in [StreamCut.endOfStream, .reset] {
                let plan = FaultPlan.cut(after: position, by: cut)
                proxy.setPlans(toServer: isUpstream ? plan : FaultPlan(), toClient: isUpstream ? FaultPlan() : plan)
                session(check, proxy.address, "behind byte \(position)")
            }
        }
    }

    @Sendable static func stall(_ check: CheckRun) throws {
        let server = try BrokerServer()
        for position in [0, 7, 50, 150] {
            let proxy = try FaultProxy(to: server.address, toClient: .stall(after: position))
            fails(check, check.parameters(proxy.address, stackTimeout: .milliseconds(150)), .deadlineExceeded)
        }
    }

    @Sendable static func connectionIsReleased(_ check: CheckRun) throws {
        let server = try BrokerServer()
        weak var connection: Connection?
        weak var channel: Channel?
        check.run("the end of a connection that nobody holds") {
            check.withChannel(server) { opened, openedChannel, probe in
                connection = opened
                channel = openedChannel
                probe.onEnd = { _ in check.loop.callLater(.milliseconds(50)) { check.finish() } }
                openedChannel.queueDeclare("q") { [weak opened] _ in opened?.close() }
            }
        }
        check.expect(connection == nil, "a connection that is over is kept")
        check.expect(channel == nil, "a channel that is over is kept")
    }

    @Sendable static func closedLoop(_ check: CheckRun) throws {
        let server = try BrokerServer()
        let completions = Completions(check)
        completions.expect("end")
        completions.expect("declare")
        check.run("the end of a connection whose loop was closed", within: nil) {
            check.withChannel(server) { _, channel, probe in
                probe.onEnd = { _ in completions.complete("end") }
                channel.queueDeclare("q") { _ in completions.complete("declare") }
                check.finish()
                check.host.close()
            }
        }
        completions.verify()
    }
}
