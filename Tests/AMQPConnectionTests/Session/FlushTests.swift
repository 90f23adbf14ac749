internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// Waiting until output was given to the stream.
@Suite struct FlushTests {
    private let body = Array(repeating: UInt8(1), count: 10_000)

    @Test func itCompletesWhenAllOfTheOutputIsTaken() throws {
        let rig = Rig()
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        rig.pipe.toServer.isStalled = true
        rig.pipe.toServer.capacity = 5000
        try rig.log.call {
            try channel.basicPublish(body, routingKey: "q")
            connection.flush(completion: rig.log.completion("first"))
            try channel.basicPublish(body, routingKey: "q")
            connection.flush(completion: rig.log.completion("second"))
        }
        rig.loop.settle()
        #expect(rig.log.lines == ["open"])
        rig.pipe.toServer.capacity = 12_000
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "first: ok"])
        rig.pipe.toServer.isStalled = false
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "first: ok", "second: ok"])
        #expect(connection.unsentByteCount == 0)
        #expect(rig.log.insideCalls == [])
    }

    @Test func withoutOutputItCompletesInALaterTurn() {
        let rig = Rig()
        let connection = rig.open()
        rig.log.call { connection.flush(completion: rig.log.completion("flush")) }
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "flush: ok"])
        #expect(rig.log.insideCalls == [])
    }

    @Test func aPeerThatDoesNotReadEndsTheWaitAtItsDeadline() throws {
        let rig = Rig()
        let connection = rig.open(ConnectionParameters(requestTimeout: .seconds(9)))
        let channel = try rig.openChannel(connection)
        rig.pipe.toServer.isStalled = true
        rig.pipe.toServer.capacity = 0
        try channel.basicPublish(body, routingKey: "q")
        connection.flush(deadline: .seconds(4), completion: rig.log.completion("own"))
        connection.flush(completion: rig.log.completion("parameters'"))
        rig.loop.advance(by: .milliseconds(3999))
        #expect(rig.log.lines == ["open"])
        rig.loop.advance(by: .milliseconds(1))
        #expect(rig.log.lines == ["open", "own: deadlineExceeded 0"])
        rig.loop.advance(by: .seconds(5))
        #expect(rig.log.lines == ["open", "own: deadlineExceeded 0", "parameters': deadlineExceeded 0"])
        #expect(connection.isOpen)
        connection.flush(deadline: .seconds(4), completion: rig.log.completion("taken"))
        rig.pipe.toServer.isStalled = false
        rig.pipe.toServer.capacity = .max
        rig.loop.advance(by: .seconds(30))
        #expect(rig.log.lines.dropFirst(3) == ["taken: ok"])
        #expect(rig.log.doubled == [])
    }

    @Test func aDeadlineOfNoTimeIsEnoughIfNothingWaits() throws {
        let rig = Rig()
        let connection = rig.open()
        connection.flush(deadline: .zero, completion: rig.log.completion("flush"))
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "flush: ok"])
        #expect(rig.log.doubled == [])
    }

    @Test func itFailsWithWhatEndsTheStream() throws {
        let rig = Rig()
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        rig.pipe.toServer.isStalled = true
        rig.pipe.toServer.capacity = 0
        try channel.basicPublish(body, routingKey: "q")
        connection.flush(completion: rig.log.completion("flush"))
        rig.loop.settle()
        rig.pipe.toClient.cut(after: rig.pipe.toClient.transcript.count)
        rig.loop.settle()
        connection.flush(completion: rig.log.completion("late"))
        rig.loop.settle()
        #expect(
            rig.log.lines == [
                "open", "flush: streamLost 0", "channel 1 closed: streamLost", "closed: streamLost",
                "late: connectionWrongState 0",
            ])
    }

    @Test func aCompletionMayCloseTheConnection() {
        let rig = Rig()
        let connection = rig.open()
        connection.flush { [weak connection] _ in connection?.close() }
        connection.flush(completion: rig.log.completion("second"))
        rig.loop.settle()
        #expect(rig.log.lines == ["open", "second: ok", "closed: connectionClosedByClient 200"])
    }

    @Test func publishesBeforeACloseAllArrive() throws {
        let rig = Rig()
        let connection = rig.open()
        let channel = try rig.openChannel(connection)
        var count = 0
        rig.broker.onPublish = { _, _ in count += 1 }
        rig.pipe.toServer.capacity = 100
        for _ in 0 ..< 50 { try channel.basicPublish(body, routingKey: "q") }
        connection.close(completion: rig.log.completion("close"))
        rig.loop.settle()
        #expect(count == 50)
        #expect(rig.log.lines.last == "close: ok")
    }
}
