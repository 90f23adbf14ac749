internal import AMQPConnection

/// Sessions over streams in memory: any loop can run them, also one without sockets.
enum MemorySessionChecks {
    static let all = [
        AdapterCheck("memory/five-steps", .session, fiveSteps),
        AdapterCheck("memory/burst-leaves-together", .session, covers: ["L6"], burstLeavesTogether),
        AdapterCheck("memory/single-publish-leaves-in-its-turn", .session, covers: ["L6"], singlePublish),
        AdapterCheck("memory/publish-outside-a-turn-leaves", .session, covers: ["L6"], publishOutsideATurn),
        AdapterCheck("memory/narrow-stream-delivers-everything", .session, narrowStream),
    ]

    private static func open(
        _ check: CheckRun, _ loop: PipeLoop, _ body: @escaping (Connection, Channel) -> Void
    ) {
        let parameters = ConnectionParameters(host: "memory", heartbeat: 0)
        SessionProbe(check, parameters, on: loop) { connection, _ in
            connection.channel { channel in body(connection, channel) }
        }
    }

    @Sendable static func fiveSteps(_ check: CheckRun) {
        let loop = PipeLoop(check.loop)
        var text = ""
        check.run("a consumer that got its message") {
            open(check, loop) { connection, channel in
                channel.queueDeclare("test") { _ in
                    channel.basicConsume(
                        "test",
                        onMessage: { channel, delivery in
                            text = delivery.text
                            channel.basicAck(delivery.tag)
                            connection.close()
                        })
                    _ = try? channel.basicPublish("hello", routingKey: "test")
                }
            }
        }
        check.expectEqual(text, "hello", "the message")
        check.expectEqual(loop.record.problems, [], "what the broker found wrong")
    }

    @Sendable static func burstLeavesTogether(_ check: CheckRun) {
        let loop = PipeLoop(check.loop)
        check.run("1,000 publishes") {
            open(check, loop) { connection, channel in
                check.loop.callLater(.milliseconds(5)) {
                    let before = loop.counter.flushes
                    for _ in 0 ..< 1000 { _ = try? channel.basicPublish("burst", routingKey: "nobody") }
                    check.when({ loop.record.messages.count == 1000 }) {
                        let flushes = loop.counter.flushes - before
                        check.expect(flushes <= 20, "1,000 publishes of a turn left in \(flushes) writes")
                        connection.close()
                    }
                }
            }
        }
    }

    @Sendable static func singlePublish(_ check: CheckRun) {
        let loop = PipeLoop(check.loop)
        check.run("one publish") {
            open(check, loop) { connection, channel in
                check.loop.callLater(.milliseconds(5)) {
                    let before = loop.counter.flushes
                    _ = try? channel.basicPublish("single", routingKey: "nobody")
                    // A timer of zero is the next turn: the publish has left by then.
                    check.loop.callLater(.zero) {
                        check.expectEqual(
                            loop.counter.flushes - before, 1, "writes of a single publish in its own turn")
                        connection.close()
                    }
                }
            }
        }
    }

    @Sendable static func publishOutsideATurn(_ check: CheckRun) {
        let loop = PipeLoop(check.loop)
        var opened: (Connection, Channel)?
        check.run("an open channel") {
            open(check, loop) { connection, channel in
                opened = (connection, channel)
                check.finish()
            }
        }
        guard let (connection, channel) = opened else { return }
        check.enter { _ = try? channel.basicPublish("outside", routingKey: "nobody") }
        check.run("a publish that was made outside of a turn") {
            check.when({ loop.record.messages.count == 1 }) { connection.close() }
        }
        check.expectEqual(loop.record.messages.first?.body.text, "outside", "the message")
    }

    @Sendable static func narrowStream(_ check: CheckRun) {
        let loop = PipeLoop(check.loop)
        check.run("a message through a narrow stream") {
            open(check, loop) { connection, channel in
                loop.pipe?.toServer.capacity = 1000
                loop.pipe?.toClient.delivery = .pieces(of: 3)
                _ = try? channel.basicPublish(ByteSlice(Pattern.bytes(50_000)), routingKey: "nobody")
                check.when({ loop.record.messages.count == 1 }) {
                    let body = loop.record.messages.first?.body ?? ByteSlice()
                    check.expect(Pattern.matches(body, count: 50_000), "the message was damaged")
                    connection.close()
                }
            }
        }
    }
}
