internal import AMQPConnection
internal import AMQPPosix

/// Whole sessions in which nothing goes wrong.
enum SessionChecks {
    static let all = [
        AdapterCheck("session/opens-and-closes", .session, needs: .sockets, opensAndCloses),
        AdapterCheck("session/five-steps", .session, needs: .sockets, fiveSteps),
        AdapterCheck("session/declares-and-deletes", .session, needs: .sockets, declaresAndDeletes),
        AdapterCheck("session/large-message", .session, needs: .sockets, largeMessage),
        AdapterCheck(
            "session/water-marks-close-and-open-the-gate", .session, needs: .sockets, waterMarks),
        AdapterCheck("session/two-thousand-messages-in-order", .session, needs: .sockets, twoThousandMessages),
        AdapterCheck("session/confirms", .session, covers: ["L5"], needs: .sockets, confirms),
        AdapterCheck("session/returns", .session, needs: .sockets, returns),
        AdapterCheck("session/gets", .session, needs: .sockets, gets),
        AdapterCheck("session/transactions", .session, needs: .sockets, transactions),
        AdapterCheck("session/hundred-channels", .session, needs: .sockets, hundredChannels),
        AdapterCheck("session/five-connections-on-one-loop", .session, needs: .sockets, fiveConnections),
        AdapterCheck("session/single-bytes", .session, needs: .sockets, singleBytes),
        AdapterCheck("session/calls-from-other-threads", .session, covers: ["L3"], needs: .sockets, otherThreads),
        AdapterCheck("session/no-callback-inside-a-call", .session, covers: ["L4"], needs: .sockets, noCallbackInside),
        AdapterCheck("session/stop-and-drain", .session, needs: .sockets, stopAndDrain),
    ]

    @Sendable static func opensAndCloses(_ check: CheckRun) throws {
        let server = try BrokerServer()
        var isClosed = false
        check.run("a connection that opens and closes") {
            SessionProbe(check, check.parameters(server.address)) { connection, _ in
                check.expect(connection.isOpen, "isOpen in onOpen")
                check.expectEqual(connection.tuned?.channelMax, 2047, "channel-max")
                check.duringCall("close") {
                    connection.close { result in
                        isClosed = true
                        if case .failure(let error) = result { check.fail("\(error)") }
                    }
                }
            }.onEnd = { error in
                check.expectEqual(error.code, .connectionClosedByClient, "how the connection ended")
                check.loop.callLater(.milliseconds(10)) { check.finish() }
            }
        }
        check.expect(isClosed, "the completion of close() did not run")
        check.expectEqual(
            server.record.methodNames,
            ["connection.start-ok", "connection.tune-ok", "connection.open", "connection.close"], "what the broker saw")
        check.expectEqual(server.record.problems, [], "what the broker found wrong")
    }

    @Sendable static func fiveSteps(_ check: CheckRun) throws {
        let server = try BrokerServer()
        check.run("a consumer that got its message") {
            check.withChannel(server) { connection, channel, _ in
                channel.queueDeclare("test", durable: true) { result in
                    check.expectEqual((try? result.get())?.queue, "test", "the queue that was declared")
                    channel.basicConsume(
                        "test",
                        onMessage: { channel, delivery in
                            check.expectEqual(delivery.text, "hello", "the message")
                            channel.basicAck(delivery.tag)
                            connection.close()
                        })
                    _ = try? channel.basicPublish("hello", routingKey: "test")
                }
            }
        }
        let names = server.record.methodNames
        check.expect(names.contains("basic.ack"), "the broker saw no ack: \(names)")
        check.expectEqual(server.record.problems, [], "what the broker found wrong")
    }

    @Sendable static func declaresAndDeletes(_ check: CheckRun) throws {
        let server = try BrokerServer()
        let completions = Completions(check)
        check.run("the topology") {
            check.withChannel(server) { connection, channel, _ in
                for name in ["exchange", "queue", "bind", "purge", "unbind", "delete", "exchange-delete"] {
                    completions.expect(name)
                }
                channel.exchangeDeclare("x", type: .fanout) { _ in completions.complete("exchange") }
                channel.queueDeclare { result in
                    completions.complete("queue")
                    let queue = (try? result.get())?.queue ?? ""
                    check.expect(!queue.isEmpty, "the broker's name for the queue did not come")
                    channel.queueBind(queue, exchange: "x") { _ in completions.complete("bind") }
                    channel.queuePurge(queue) { _ in completions.complete("purge") }
                    channel.queueUnbind(queue, exchange: "x") { _ in completions.complete("unbind") }
                    channel.queueDelete(queue) { _ in completions.complete("delete") }
                    channel.exchangeDelete("x") { _ in
                        completions.complete("exchange-delete")
                        connection.close()
                    }
                }
            }
        }
        completions.verify()
    }

    @Sendable static func largeMessage(_ check: CheckRun) throws {
        let server = try BrokerServer()
        let body = ByteSlice(Pattern.bytes(1 << 20))
        check.run("a message of 1 MiB that came back") {
            check.withChannel(server) { connection, channel, _ in
                channel.queueDeclare("large") { _ in
                    channel.basicConsume(
                        "large", autoAck: true,
                        onMessage: { _, delivery in
                            check.expect(Pattern.matches(delivery.body, count: 1 << 20), "1 MiB was damaged")
                            connection.close()
                        })
                    _ = try? channel.basicPublish(body, routingKey: "large")
                }
            }
        }
        check.expectEqual(server.record.problems, [], "what the broker found wrong")
    }

    @Sendable static func waterMarks(_ check: CheckRun) throws {
        let server = try BrokerServer()
        let body = ByteSlice(Pattern.bytes(1 << 20))
        check.run("a gate that opens again") {
            check.withChannel(server) { connection, channel, _ in
                channel.onMayPublish { channel, mayPublish in
                    guard mayPublish else { return }
                    check.expect(channel.mayPublish, "mayPublish when it was told")
                    connection.close()
                }
                check.expect(channel.mayPublish, "mayPublish before anything was published")
                for _ in 0 ..< 24 { _ = try? channel.basicPublish(body, routingKey: "nowhere") }
                check.expect(!channel.mayPublish, "mayPublish with 24 MiB waiting")
            }
        }
        check.expectEqual(server.record.problems, [], "what the broker found wrong")
    }

    @Sendable static func twoThousandMessages(_ check: CheckRun) throws {
        let server = try BrokerServer()
        var next = 0
        check.run("2,000 messages") {
            check.withChannel(server) { connection, channel, _ in
                channel.queueDeclare("many") { _ in
                    channel.basicConsume(
                        "many", autoAck: true,
                        onMessage: { _, delivery in
                            if delivery.text == "\(next)" { next += 1 }
                            if next == 2000 { connection.close() }
                        })
                    for number in 0 ..< 2000 { _ = try? channel.basicPublish("\(number)", routingKey: "many") }
                }
            }
        }
        check.expectEqual(next, 2000, "messages that came in order")
    }

    @Sendable static func confirms(_ check: CheckRun) throws {
        let server = try BrokerServer()
        let completions = Completions(check)
        var acked = 0
        check.run("100 confirms") {
            check.withChannel(server) { connection, channel, _ in
                channel.queueDeclare("confirmed") { _ in
                    channel.confirmSelect { _ in
                        for number in 0 ..< 100 {
                            completions.expect("publish \(number)")
                            _ = try? channel.basicPublish("m", routingKey: "confirmed") { outcome in
                                completions.complete("publish \(number)")
                                if case .confirmed = outcome { acked += 1 }
                                if acked == 100 { connection.close() }
                            }
                        }
                    }
                }
            }
        }
        completions.verify()
        check.expectEqual(acked, 100, "publishes that were acked")
    }

    @Sendable static func returns(_ check: CheckRun) throws {
        let server = try BrokerServer()
        var returned: [String] = []
        check.run("a returned message") {
            check.withChannel(server) { connection, channel, _ in
                channel.onReturn { _, message in
                    returned.append("\(message.replyCode) \(message.routingKey) \(message.body.text)")
                    connection.close()
                }
                _ = try? channel.basicPublish("back", routingKey: "nowhere", mandatory: true)
            }
        }
        check.expectEqual(returned, ["312 nowhere back"], "returned messages")
    }

    @Sendable static func gets(_ check: CheckRun) throws {
        let server = try BrokerServer()
        var found: [String?] = []
        check.run("a message and an empty queue") {
            check.withChannel(server) { connection, channel, _ in
                channel.queueDeclare("got") { _ in
                    _ = try? channel.basicPublish("one", routingKey: "got")
                    for _ in 0 ..< 2 {
                        channel.basicGet("got", autoAck: true) { result in
                            found.append((try? result.get())??.text)
                            if found.count == 2 { connection.close() }
                        }
                    }
                }
            }
        }
        check.expectEqual(found, ["one", nil], "what basic.get found")
    }

    @Sendable static func transactions(_ check: CheckRun) throws {
        let server = try BrokerServer()
        let completions = Completions(check)
        check.run("a transaction") {
            check.withChannel(server) { connection, channel, _ in
                for name in ["select", "commit", "rollback"] { completions.expect(name) }
                channel.txSelect { _ in completions.complete("select") }
                channel.txCommit { _ in completions.complete("commit") }
                channel.txRollback { _ in
                    completions.complete("rollback")
                    connection.close()
                }
            }
        }
        completions.verify()
    }

    @Sendable static func hundredChannels(_ check: CheckRun) throws {
        let server = try BrokerServer()
        var numbers: [UInt16] = []
        check.run("100 channels") {
            SessionProbe(check, check.parameters(server.address)) { connection, _ in
                for _ in 0 ..< 100 {
                    connection.openChannel { result in
                        if let number = (try? result.get())?.number { numbers.append(number) }
                        if numbers.count == 100 { connection.close() }
                    }
                }
            }
        }
        check.expectEqual(Set(numbers), Set(1 ... 100), "channel numbers")
    }

    @Sendable static func fiveConnections(_ check: CheckRun) throws {
        let server = try BrokerServer()
        var ended = 0
        check.run("five connections") {
            for number in 0 ..< 5 {
                SessionProbe(check, check.parameters(server.address)) { connection, _ in
                    connection.channel { channel in
                        channel.queueDeclare("q\(number)") { result in
                            check.expectEqual((try? result.get())?.queue, "q\(number)", "the queue of a connection")
                            connection.close()
                        }
                    }
                }.onEnd = { _ in
                    ended += 1
                    if ended == 5 { check.finish() }
                }
            }
        }
        check.expectEqual(ended, 5, "connections that ended")
        check.expectEqual(server.record.streamCount, 5, "streams that the broker saw")
    }

    @Sendable static func singleBytes(_ check: CheckRun) throws {
        let server = try BrokerServer()
        let proxy = try FaultProxy(
            to: server.address, toServer: .pieces(of: 1), toClient: .pieces(of: 1))
        var text = ""
        check.run("a session in single bytes") {
            SessionProbe(check, check.parameters(proxy.address)) { connection, _ in
                connection.channel { channel in
                    channel.queueDeclare("slow") { _ in
                        channel.basicConsume(
                            "slow", autoAck: true,
                            onMessage: { _, delivery in
                                text = delivery.text
                                connection.close()
                            })
                        _ = try? channel.basicPublish("byte by byte", routingKey: "slow")
                    }
                }
            }.onEnd = { error in
                check.expectEqual(error.code, .connectionClosedByClient, "how the connection ended")
                check.finish()
            }
        }
        check.expectEqual(text, "byte by byte", "the message")
    }

    @Sendable static func otherThreads(_ check: CheckRun) throws {
        let server = try BrokerServer()
        let mailbox = check.loop.mailbox
        check.run("400 publishes of four threads") {
            check.withChannel(server) { connection, channel, _ in
                var published = 0
                let publish = Confined { (text: String) in
                    _ = try? channel.basicPublish(text, routingKey: "nobody")
                    published += 1
                    if published == 400 { connection.close() }
                }
                for thread in 0 ..< 4 {
                    _ = Gate.afterThread {
                        for number in 0 ..< 100 {
                            try? mailbox.addCallbackThreadsafe { publish.value("\(thread).\(number)") }
                        }
                    }
                }
            }
        }
        check.expectEqual(server.record.messages.count, 400, "messages that the broker got")
    }

    @Sendable static func noCallbackInside(_ check: CheckRun) throws {
        let server = try BrokerServer()
        let completions = Completions(check)
        check.run("completions of calls that fail at once, and of calls that do not") {
            check.withChannel(server) { connection, channel, _ in
                for name in ["declare", "long", "closed", "close"] { completions.expect(name) }
                check.duringCall("queueDeclare") {
                    channel.queueDeclare("q") { _ in completions.complete("declare") }
                }
                check.duringCall("queueDeclare with a name that is too long") {
                    channel.queueDeclare(String(repeating: "x", count: 300)) { result in
                        completions.complete("long")
                        if case .success = result { check.fail("a name of 300 bytes was accepted") }
                    }
                }
                check.duringCall("close") { connection.close { _ in completions.complete("close") } }
                check.duringCall("queueDeclare on a closing channel") {
                    channel.queueDeclare("late") { result in
                        completions.complete("closed")
                        if case .success = result { check.fail("a closing channel declared a queue") }
                    }
                }
            }
        }
        completions.verify()
    }

    @Sendable static func stopAndDrain(_ check: CheckRun) throws {
        let server = try BrokerServer()
        var connection: Connection?
        check.run("a message") {
            check.withChannel(server) { opened, channel, probe in
                connection = opened
                probe.onEnd = { _ in check.finish() }
                channel.queueDeclare("q") { _ in check.finish() }
            }
        }
        // As a program does after Ctrl-C: the loop has stopped, the connection is closed, the loop drains.
        check.enter { connection?.close() }
        check.run("the end of a connection that was closed while the loop was stopped")
        check.expect(connection?.isClosed == true, "the connection is not closed")
        check.expect(server.record.methodNames.last == "connection.close", "the broker saw no close")
    }
}
