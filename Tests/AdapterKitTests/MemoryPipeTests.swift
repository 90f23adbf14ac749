internal import AMQPConnection
internal import AdapterKit
internal import Testing

@Suite struct MemoryPipeTests {
    let loop = VirtualLoop()
    let pipe: MemoryPipe
    let client = Recorder()
    let server = Recorder()

    init() {
        pipe = MemoryPipe(on: loop)
        pipe.client.start(client)
        pipe.server.start(server)
    }

    @Test func bytesArriveInALaterTurn() {
        pipe.client.send([1, 2, 3])
        pipe.client.flush()
        #expect(server.received.isEmpty)
        loop.settle()
        #expect(server.received == [1, 2, 3])
    }

    @Test func nothingIsSentBeforeFlush() {
        pipe.client.send([1])
        loop.settle()
        #expect(server.received.isEmpty)
        #expect(pipe.client.unsentByteCount == 1)
    }

    @Test(arguments: [MemoryReadStyle.received, .readable])
    func piecesAndSplitsAreKept(style: MemoryReadStyle) {
        pipe.server.readStyle = style
        pipe.toServer.delivery = .splits(at: [1, 4])
        pipe.client.send([1, 2, 3, 4, 5, 6])
        pipe.client.flush()
        loop.settle()
        #expect(server.pieces == [1, 3, 2])
        pipe.toServer.delivery = .pieces(of: 1)
        pipe.client.send([7, 8])
        pipe.client.flush()
        loop.settle()
        #expect(server.received == [1, 2, 3, 4, 5, 6, 7, 8])
        #expect(server.pieces == [1, 3, 2, 1, 1])
    }

    @Test func capacityKeepsTheRestUnsentUntilThereIsRoom() {
        pipe.toServer.capacity = 2
        pipe.toServer.isStalled = true
        pipe.client.send([1, 2, 3, 4, 5])
        pipe.client.flush()
        loop.settle()
        #expect(pipe.client.unsentByteCount == 3)
        #expect(client.sent == 2)
        pipe.toServer.isStalled = false
        loop.settle()
        #expect(server.received == [1, 2, 3, 4, 5])
        #expect(client.sent == 5)
    }

    @Test func closeSendsWhatIsQueuedThenEndsBothSides() {
        pipe.toServer.capacity = 1
        pipe.client.send([1, 2, 3])
        pipe.client.close()
        loop.settle()
        #expect(server.received == [1, 2, 3])
        #expect(client.ends.map { $0?.code } == [nil])
        #expect(server.ends.map { $0?.code } == [.streamLost])
    }

    @Test func abortDropsWhatIsQueuedAndResetsThePeer() {
        pipe.client.send([1])
        pipe.client.abort()
        #expect(client.ends.isEmpty)
        loop.settle()
        #expect(server.received.isEmpty)
        #expect(client.ends.map { $0?.code } == [nil])
        #expect(server.ends.map { $0?.code } == [.streamLost])
    }

    @Test func closeOfBothSidesWithOutputWaitingEnds() {
        pipe.toServer.capacity = 1
        pipe.toClient.capacity = 1
        pipe.client.send([1, 2, 3])
        pipe.server.send([1, 2, 3])
        pipe.client.close()
        pipe.server.abort()
        loop.settle()
        #expect(client.ends.count == 1)
        #expect(server.ends.count == 1)
    }

    @Test(arguments: 0 ... 3)
    func cutLosesTheStreamAtTheByte(position: Int) {
        pipe.toServer.cut(after: position, by: .reset)
        pipe.client.send([1, 2, 3])
        pipe.client.flush()
        loop.settle()
        #expect(server.received == Array([1, 2, 3].prefix(position)))
        #expect(server.ends.map { $0?.code } == [.streamLost])
        #expect(client.ends.map { $0?.code } == [.streamLost])
    }

    @Test func pausedReadingHoldsBytesBack() {
        pipe.server.pauseReading()
        pipe.client.send([1])
        pipe.client.flush()
        loop.settle()
        #expect(server.received.isEmpty)
        pipe.server.resumeReading()
        loop.settle()
        #expect(server.received == [1])
    }

    @Test func latencyDelaysEachPiece() {
        pipe.toServer.latency = .milliseconds(20)
        pipe.client.send([1])
        pipe.client.flush()
        loop.advance(by: .milliseconds(19))
        #expect(server.received.isEmpty)
        loop.advance(by: .milliseconds(1))
        #expect(server.received == [1])
    }

    @Test func bytesThatComeBeforeTheStartAreKept() {
        let pipe = MemoryPipe(on: loop)
        pipe.client.send([9])
        pipe.client.close()
        loop.settle()
        let late = Recorder()
        pipe.server.start(late)
        loop.settle()
        #expect(late.received == [9])
        #expect(late.ends.count == 1)
    }
}
