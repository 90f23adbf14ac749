@testable internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// What neither a broker nor a user may bring about: traps, and memory that grows without a limit.
@Suite struct HostileSessionTests {
    /// A stream that goes on delivering when it was told to close.
    private final class StubbornStream: StreamTransport {
        var handler: (any StreamHandler)?
        func start(_ handler: any StreamHandler) { self.handler = handler }
        func send(_ bytes: ByteSlice) {}
        func flush() {}
        var unsentByteCount: Int { 0 }
        func pauseReading() {}
        func resumeReading() {}
        func close() {}
        func abort() {}
        var peerAddress: SocketAddress? { nil }
    }

    @Test func whatComesBehindTheEndIsNotKept() throws {
        let loop = VirtualLoop()
        let stream = StubbornStream()
        loop.onConnect = { _, _ in .stream(stream) }
        let connection = Connection(on: loop)
        loop.settle()
        let handler = try #require(stream.handler)
        [UInt8]("HTTP/1.1 400 Bad Request\r\n".utf8).withUnsafeBytes { handler.streamReceived($0) }
        loop.settle()
        #expect(connection.isClosed)
        let flood = Array(repeating: UInt8(0), count: 100_000)
        for _ in 0 ..< 100 { flood.withUnsafeBytes { handler.streamReceived($0) } }
        handler.streamReadable { memory in memory.count }
        #expect(connection.decoder.bufferedByteCount == 0)
        handler.streamClosed(nil)
    }

    @Test func clientPropertiesThatDoNotFitIntoAFrameAreRefused() {
        let rig = Rig()
        let value = FieldValue.text(String(repeating: "x", count: 200_000))
        _ = rig.connect(ConnectionParameters(clientProperties: ["large": value]))
        rig.loop.settle()
        #expect(rig.log.lines == ["open error: invalidArgument"])
    }

    @Test func aMechanismsNameThatDoesNotFitIsRefused() {
        let rig = Rig()
        rig.broker.onMethod = { broker, method, _ in
            guard case .connectionStart(var start) = method else { return false }
            start.mechanisms = ByteSlice(utf8: "PLAIN")
            broker.send(.connectionStart(start))
            return true
        }
        _ = rig.connect(ConnectionParameters(credentials: LongCredentials()))
        rig.loop.settle()
        #expect(rig.log.lines == ["open error: invalidArgument"])
    }

    private struct LongCredentials: Credentials {
        var mechanism: String { String(repeating: "x", count: 300) }
        func credentials(for mechanisms: [String]) throws(AMQPError) -> (any Credentials)? { self }
        func initialResponse() throws(AMQPError) -> ByteSlice { [] }
    }

    @Test(.timeLimit(.minutes(1)))
    func aFloodOfEqualReturnsTakesLinearTime() throws {
        var tracker = ConfirmTracker<Int>()
        let count = 50_000
        for index in 0 ..< count { _ = tracker.published(index, fingerprint: PublishFingerprint(whole: 7, loose: 7)) }
        let message = try returned()
        for _ in 0 ..< count + 10 { tracker.received(message, fingerprint: PublishFingerprint(whole: 7, loose: 7)) }
        for _ in 0 ..< count { tracker.received(message, fingerprint: PublishFingerprint(whole: 8, loose: 8)) }
        var resolved: [ConfirmTracker<Int>.Resolved] = []
        tracker.answered(0, multiple: true, isAck: true, into: &resolved)
        #expect(resolved.count == count)
        #expect(
            resolved.allSatisfy { publish in
                if case .returned = publish.outcome { true } else { false }
            })
    }

    private func returned() throws -> ReturnedMessage {
        var found: ReturnedMessage?
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        channel.onReturn { _, message in found = message }
        rig.brokerSends { broker in
            let method = BasicReturn(replyCode: 312, replyText: "NO_ROUTE", exchange: "", routingKey: "q")
            broker.deliver(method, body: [1])
        }
        return try #require(found)
    }

    @Test func freeNumbersAreFoundLowestFirst() throws {
        let rig = Rig()
        rig.broker.tune.channelMax = 5
        let connection = rig.open()
        var channels: [Channel] = []
        for _ in 0 ..< 5 { channels.append(try rig.openChannel(connection)) }
        #expect(channels.map(\.number) == [1, 2, 3, 4, 5])
        for index in [3, 1] {
            channels[index].close()
            rig.loop.settle()
        }
        #expect(try rig.openChannel(connection).number == 2)
        #expect(try rig.openChannel(connection).number == 4)
        connection.openChannel(completion: rig.log.completion("sixth"))
        rig.loop.settle()
        #expect(rig.log.lines.last == "sixth: noFreeChannels 0")
    }

    @Test func aLoopThatStallsAgainAndAgainDoesNotHideADeadPeer() {
        let rig = Rig(heartbeat: 4)
        let connection = rig.open()
        let loop = rig.loop
        func stall() {
            loop.block(for: .seconds(3))
            if !connection.isClosed { loop.callLater(.milliseconds(1), stall) }
        }
        stall()
        loop.run(until: { connection.isClosed }, limit: .seconds(60))
        #expect(rig.log.lines == ["open", "closed: heartbeatTimeout"])
    }

    @Test func closedObjectsKeepNobody() throws {
        final class Witness {}
        weak var witness: Witness?
        let rig = Rig()
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        connection.close()
        rig.loop.settle()
        do {
            let kept = Witness()
            witness = kept
            channel.onClose { _, _ in _ = kept }
            channel.onReturn { _, _ in _ = kept }
            channel.onMayPublish { _, _ in _ = kept }
            connection.onClose { _, _ in _ = kept }
            connection.onBlocked { _, _ in _ = kept }
            connection.onError { _, _ in _ = kept }
        }
        #expect(witness == nil)
    }
}
