internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// Who is called when, and who not.
@Suite struct DispatchTests {
    @Test func theSameClosureAddedTwiceIsTwoListenersAndEachTokenRemovesItsOwn() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        let listener: (Channel, Method) -> Void = { _, _ in rig.log.add("qos") }
        let first = channel.onMethod(.basicQosOK) { listener($0, $1) }
        let second = channel.onMethod(.basicQosOK) { listener($0, $1) }
        var counts: [Int] = []
        for token in [first, first, second] {
            channel.basicQos(prefetchCount: 1)
            rig.loop.settle()
            counts.append(rig.log.lines.count { $0 == "qos" })
            token.remove()
        }
        channel.basicQos(prefetchCount: 1)
        rig.loop.settle()
        counts.append(rig.log.lines.count { $0 == "qos" })
        #expect(counts == [2, 3, 4, 4])
    }

    @Test func deliveriesBeforeConsumeOKReachTheirConsumer() throws {
        let rig = Rig()
        rig.broker.onMethod = { broker, method, channel in
            guard case .basicConsume(let consume) = method else { return false }
            for tag in 1 ... 3 as ClosedRange<UInt64> {
                broker.deliver(
                    BasicDeliver(
                        consumerTag: consume.consumerTag, deliveryTag: tag, redelivered: false, exchange: "",
                        routingKey: ""),
                    body: [1], channel: channel)
            }
            return false
        }
        let channel = try rig.openChannel(rig.open())
        channel.basicConsume("q", onMessage: { rig.log.add("message \($1.tag)") }) { result in
            rig.log.add("consume-ok \(result.isSuccess)")
        }
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "message 1", "message 2", "message 3", "consume-ok true"])
    }

    @Test func theNextRequestHasLeftWhenACompletionRuns() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        var pending: [[String]] = []
        for name in ["a", "b"] {
            channel.queueDeclare(name) { _ in
                pending.append(channel.snapshot.pendingRequests.map { "\($0)" })
            }
        }
        _ = rig.takeReceived()
        rig.loop.settle()
        #expect(rig.takeReceived() == ["queue.declare", "queue.declare"])
        #expect(pending.map(\.count) == [1, 0], "the second has taken its place when the first ends")
        // What the completion asks for comes behind what was asked for before.
        channel.queueDeclare("c") { _ in channel.queueDelete("c") }
        channel.queuePurge("c")
        rig.loop.settle()
        #expect(rig.takeReceived() == ["queue.declare", "queue.purge", "queue.delete"])
    }
}

extension Result {
    fileprivate var isSuccess: Bool { (try? get()) != nil }
}
