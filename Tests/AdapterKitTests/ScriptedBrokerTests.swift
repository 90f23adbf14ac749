internal import AMQPConnection
internal import AdapterKit
internal import Testing

@Suite struct ScriptedBrokerTests {
    let loop = VirtualLoop()

    /// Connects on the virtual loop to a scripted broker.
    private func connect(
        _ script: BrokerScript = BrokerScript(), heartbeat: UInt16 = 0, record: BrokerRecord,
        onOpen: @escaping (Connection) -> Void
    ) -> [AMQPError] {
        var ends: [AMQPError] = []
        let loop = loop
        loop.onConnect = { _, _ in
            let pipe = MemoryPipe(on: loop)
            ScriptedBroker.attach(to: pipe.server, script: script, record: record)
            return .stream(pipe.client)
        }
        _ = Connection(
            ConnectionParameters(heartbeat: .seconds(heartbeat)), on: loop, onOpen: onOpen,
            onOpenError: { ends.append($1) }, onClose: { ends.append($1) })
        loop.run(until: { !ends.isEmpty })
        return ends
    }

    @Test func answersAWholeSessionOnTheVirtualLoop() {
        let record = BrokerRecord()
        var texts: [String] = []
        let ends = connect(record: record) { connection in
            connection.channel { channel in
                channel.queueDeclare("q") { _ in
                    channel.basicConsume(
                        "q",
                        onMessage: { channel, delivery in
                            texts.append(delivery.text)
                            channel.basicAck(delivery.tag)
                            connection.close()
                        })
                    _ = try? channel.basicPublish("hello", routingKey: "q")
                }
            }
        }
        #expect(texts == ["hello"])
        #expect(ends.map(\.code) == [.connectionClosedByClient])
        #expect(record.problems == [])
        #expect(
            record.methodNames == [
                "connection.start-ok", "connection.tune-ok", "connection.open", "channel.open", "queue.declare",
                "basic.consume", "basic.publish", "basic.ack", "channel.close", "connection.close",
            ])
    }

    @Test func scriptTakesOverAMethod() {
        let script = BrokerScript { broker, received in
            guard case .channelOpen = received.method else { return false }
            broker.closeConnection(541, "INTERNAL_ERROR")
            return true
        }
        let ends = connect(script, record: BrokerRecord()) { $0.openChannel { _ in } }
        #expect(ends.map(\.replyCode) == [541])
    }

    @Test(arguments: 0 ..< 3)
    func streamIsLostAtTheFrame(count: Int) {
        var script = BrokerScript()
        script.cutAfterFrames = count
        let ends = connect(script, record: BrokerRecord()) { _ in Issue.record("the connection is open") }
        #expect(ends.count == 1)
    }

    @Test func hoursOfHeartbeatsTakeNoTime() {
        let record = BrokerRecord()
        let loop = loop
        let begin = loop.now
        let ends = connect(heartbeat: 10, record: record) { _ in }
        // The broker on the virtual loop sends no heartbeats by itself, so the connection gives it up in the end.
        #expect(ends.map(\.code) == [.heartbeatTimeout])
        #expect(begin.duration(to: loop.now) < .seconds(20))
        #expect(record.heartbeatCount >= 2)
    }
}
