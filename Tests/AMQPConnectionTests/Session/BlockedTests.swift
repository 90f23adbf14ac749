internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// How long a broker may block a connection.
@Suite struct BlockedTests {
    private func block(_ rig: Rig, _ reason: String = "low on memory") {
        rig.brokerSends { $0.send(.connectionBlocked(ConnectionBlocked(reason: reason))) }
    }

    private func unblock(_ rig: Rig) {
        rig.brokerSends { $0.send(.connectionUnblocked(ConnectionUnblocked())) }
    }

    @Test func theTimeoutRunsFromTheFirstBlock() throws {
        let rig = Rig()
        let connection = rig.open(ConnectionParameters(blockedConnectionTimeout: .seconds(10)))
        connection.onBlocked { rig.log.add("blocked: \($1)") }
        connection.onClose { rig.log.add($1.reason) }
        let channel = try rig.openChannel(connection)
        rig.broker.onMethod = { _, method, _ in method.id == .queueDeclare }
        channel.queueDeclare("a", completion: rig.log.completion("a"))
        let start = rig.loop.now
        block(rig)
        rig.loop.advance(by: .seconds(6))
        block(rig, "low on disk")
        #expect(connection.blockedReason == "low on disk")
        rig.loop.run(until: { connection.isClosed })
        #expect(start.duration(to: rig.loop.now) == .seconds(10))
        rig.loop.run(until: { false })
        #expect(
            rig.log.lines == [
                "open", "blocked: low on memory", "blocked: low on disk", "a: connectionBlockedTimeout 0",
                "channel 1 closed: connectionBlockedTimeout", "closed: connectionBlockedTimeout",
                "the broker blocked the connection for 10.0 seconds: low on disk",
            ])
        #expect(rig.broker.end != nil)
    }

    @Test func acknowledgementsAreNotHeldBack() throws {
        let rig = Rig()
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        channel.basicConsume("q", consumerTag: "c") { channel, delivery in
            switch delivery.tag {
            case 1: channel.basicAck(delivery.tag)
            case 2: channel.basicReject(delivery.tag)
            default: channel.basicNack(delivery.tag)
            }
        }
        rig.loop.settle()
        block(rig)
        #expect(connection.blockedReason != nil)
        _ = rig.takeReceived()
        rig.brokerSends { broker in
            for tag in 1 ... 3 as ClosedRange<UInt64> {
                broker.deliver(
                    BasicDeliver(consumerTag: "c", deliveryTag: tag, redelivered: false, exchange: "", routingKey: "q"),
                    body: [1])
            }
        }
        #expect(rig.takeReceived() == ["basic.ack", "basic.reject", "basic.nack"])
    }

    @Test func unblockingInTimeEndsItAndTheNextBlockBeginsAnew() {
        let rig = Rig()
        let connection = rig.open(ConnectionParameters(blockedConnectionTimeout: .seconds(10)))
        connection.onUnblocked { _ in rig.log.add("unblocked") }
        block(rig)
        rig.loop.advance(by: .seconds(9))
        unblock(rig)
        #expect(connection.blockedReason == nil)
        rig.loop.advance(by: .seconds(3600))
        #expect(connection.isOpen)
        let start = rig.loop.now
        block(rig)
        rig.loop.run(until: { connection.isClosed })
        #expect(start.duration(to: rig.loop.now) == .seconds(10))
        #expect(rig.log.lines == ["open", "unblocked", "closed: connectionBlockedTimeout"])
    }

    @Test func withoutATimeoutItMayLastForEver() {
        let rig = Rig()
        let connection = rig.open()
        block(rig)
        rig.loop.advance(by: .seconds(1_000_000))
        #expect(connection.isOpen)
    }

    @Test func aTimeoutOfZeroEndsTheConnectionAtOnce() {
        let rig = Rig()
        let connection = rig.open(ConnectionParameters(blockedConnectionTimeout: .zero))
        let start = rig.loop.now
        block(rig)
        rig.loop.run(until: { connection.isClosed })
        #expect(connection.isClosed && rig.loop.now == start)
        #expect(rig.log.lines == ["open", "closed: connectionBlockedTimeout"])
    }

    @Test func closingWhileBlockedIsStillPossible() {
        let rig = Rig()
        let connection = rig.open(ConnectionParameters(blockedConnectionTimeout: .seconds(10)))
        block(rig)
        connection.close(completion: rig.log.completion("close"))
        rig.loop.run(until: { false })
        #expect(rig.log.lines == ["open", "closed: connectionClosedByClient 200", "close: ok"])
    }
}
