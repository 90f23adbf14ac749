internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// A connection's counters of bytes and frames, and requests that carry little.
@Suite struct CounterTests {
    @Test func countersAreExact() throws {
        let rig = Rig()
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        channel.basicConsume("q", consumerTag: "c", onMessage: { _, _ in })
        rig.loop.settle()
        rig.brokerSends { broker in
            broker.sendHeartbeat()
            broker.deliver(ClosingTests.deliver, body: ByteSlice([UInt8](repeating: 1, count: 10_000)))
        }
        // Start, tune, open-ok; channel.open-ok, consume-ok; a heartbeat; deliver, header and three pieces of body.
        #expect(connection.framesReceived == 11)
        #expect(connection.bytesReceived == UInt64(rig.pipe.toClient.deliveredByteCount))
        #expect(rig.pipe.toClient.waitingByteCount == 0)

        try channel.basicPublish("", routingKey: "k")
        try channel.basicPublish("x", routingKey: "k")
        try channel.basicPublish(ByteSlice([UInt8](repeating: 1, count: 100_000)), routingKey: "k")
        rig.loop.settle()
        let bodyFrames = 1 + (100_000 + MemoryBroker.frameMax - 9) / (MemoryBroker.frameMax - 8)
        #expect(connection.framesSent == UInt64(rig.broker.methods.count + 3 + bodyFrames))
        #expect(connection.bytesSent == UInt64(rig.pipe.toServer.transcript.count))
        #expect(connection.unsentByteCount == 0)
    }

    @Test func heartbeatsCount() {
        let rig = Rig(heartbeat: 10)
        let connection = rig.open()
        let frames = connection.framesSent
        rig.loop.advance(by: .seconds(12))
        #expect(rig.broker.heartbeatCount > 0)
        #expect(connection.framesSent == frames + UInt64(rig.broker.heartbeatCount))
        #expect(connection.bytesSent == UInt64(rig.pipe.toServer.transcript.count))
    }

    @Test func flowAndAccessAreAnswered() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        rig.broker.onMethod = { broker, method, number in
            switch method {
            case .channelFlow(let flow):
                broker.send(.channelFlowOK(ChannelFlowOK(active: flow.active)), channel: number)
            case .accessRequest: broker.send(.accessRequestOK(AccessRequestOK(ticket: 7)), channel: number)
            default: return false
            }
            return true
        }
        rig.log.call {
            let flow: (ChannelFlowOK) -> Void = { rig.log.add("\($0.active)") }
            let access: (AccessRequestOK) -> Void = { rig.log.add("\($0.ticket)") }
            channel.flow(active: false, completion: rig.log.completion("flow", flow))
            channel.accessRequest("/data", read: true, completion: rig.log.completion("access", access))
            channel.accessRequest(
                String(repeating: "r", count: 256), completion: rig.log.completion("long realm"))
        }
        rig.loop.settle()
        #expect(
            rig.log.lines == ["open", "long realm: invalidArgument 0", "flow: ok", "false", "access: ok", "7"])
        #expect(channel.isFlowActive, "what we ask of the broker does not bind ourselves")
    }

    @Test func twoFlowCallsAreAnsweredEachByItsOwn() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        rig.broker.onMethod = { _, method, _ in method.id == .channelFlow }
        let told: (ChannelFlowOK) -> Void = { rig.log.add("\($0.active)") }
        channel.flow(active: false, completion: rig.log.completion("first", told))
        channel.flow(active: true, completion: rig.log.completion("second", told))
        rig.loop.settle()
        for active in [false, true] {
            rig.brokerSends { $0.send(.channelFlowOK(ChannelFlowOK(active: active)), channel: 1) }
        }
        #expect(rig.log.lines == ["open", "first: ok", "false", "second: ok", "true"])
    }

    @Test func recoverAsyncWaitsForNothing() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        rig.broker.onMethod = { _, method, _ in method.id == .queueDeclare }
        _ = rig.takeReceived()
        channel.queueDeclare("a", completion: rig.log.completion("a"))
        channel.basicRecoverAsync()
        rig.loop.settle()
        #expect(rig.takeReceived() == ["queue.declare", "basic.recover-async"])
        channel.close()
        channel.basicRecoverAsync()
        rig.loop.settle()
        #expect(rig.takeReceived() == [])
        #expect(rig.log.lines == ["open"])
    }
}
