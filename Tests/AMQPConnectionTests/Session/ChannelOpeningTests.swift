internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// A channel whose opening the broker has not answered yet.
@Suite struct ChannelOpeningTests {
    /// A channel that goes on opening until the broker is told to answer.
    private func opening(_ rig: Rig, _ connection: Connection) throws -> Channel {
        rig.broker.onMethod = { _, method, _ in method.id == .channelOpen }
        let channel = rig.log.call { connection.channel { _ in rig.log.add("channel open") } }
        return try #require(channel)
    }

    private func answer(_ rig: Rig) {
        rig.broker.onMethod = { _, _, _ in false }
        rig.brokerSends { $0.send(.channelOpenOK(ChannelOpenOK()), channel: 1) }
    }

    @Test func requestsWaitBehindItsOpening() throws {
        let rig = Rig()
        let connection = rig.open()
        let channel = try opening(rig, connection)
        #expect(channel.isOpening && !channel.isOpen && !channel.isClosed)
        channel.queueDeclare("q", completion: rig.log.completion("declare"))
        rig.loop.settle()
        #expect(rig.log.lines == ["open"])
        answer(rig)
        #expect(rig.log.lines == ["open", "channel open", "declare: ok"])
        #expect(channel.isOpen && !channel.isOpening)
    }

    @Test func itCanBeClosedAndIsNeverToldToBeOpen() throws {
        let rig = Rig()
        let connection = rig.open()
        let channel = try opening(rig, connection)
        channel.onClose { rig.log.add("closed: \($1.line)") }
        rig.log.call { channel.close(completion: rig.log.completion("close")) }
        rig.loop.settle()
        #expect(rig.log.lines == ["open"])
        answer(rig)
        #expect(
            rig.log.lines == [
                "open", "error: channelClosedByClient", "closed: channelClosedByClient 200", "close: ok",
            ])
        #expect(connection.isOpen)
    }

    @Test func aCloseOfTheConnectionEndsItOnce() throws {
        let rig = Rig()
        let connection = rig.open()
        rig.broker.onMethod = { _, method, _ in method.id == .channelOpen }
        let opened: (Channel) -> Void = { _ in }
        connection.openChannel(completion: rig.log.completion("channel", opened))
        rig.loop.settle()
        connection.close(completion: rig.log.completion("close"))
        answer(rig)
        #expect(
            rig.log.lines == [
                "open", "channel: channelClosedByClient 0", "closed: connectionClosedByClient 200", "close: ok",
            ])
        #expect(rig.log.lost == [] && rig.log.doubled == [])
    }

    @Test func channelsEndInTheOrderInWhichTheyWereMadeWithTheReasonOfTheConnection() throws {
        let rig = Rig()
        let connection = rig.open()
        for number in [5, 1, 3] as [UInt16] {
            let channel = connection.channel(number: number) { _ in }
            channel?.onClose { rig.log.add("channel \($0.number): \($1.line)") }
        }
        rig.loop.settle()
        rig.pipe.toClient.cut(after: rig.pipe.toClient.transcript.count)
        rig.loop.settle()
        #expect(
            rig.log.lines == [
                "open", "channel 5: streamLost", "channel 1: streamLost", "channel 3: streamLost", "closed: streamLost",
            ])
    }
}
