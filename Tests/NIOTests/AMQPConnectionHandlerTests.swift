#if NIO
internal import AMQPNIO
internal import AdapterKit
internal import NIOCore
internal import NIOEmbedded
internal import Testing

/// A connection in a pipeline of the program's own.
@Suite struct AMQPConnectionHandlerTests {
    @Test func readyComesWithTheOpenConnection() throws {
        let session = try EmbeddedSession()
        #expect(session.handler.ready.resultNow == nil)
        let connection = try session.value(session.handler.ready)
        #expect(!connection.isClosed)
        #expect(try session.value(connection.withConnection { $0.isOpen }))
        #expect(
            session.record.methodNames == ["connection.start-ok", "connection.tune-ok", "connection.open"])
    }

    @Test func theProtocolHeaderIsTheFirstThingSent() throws {
        let session = try EmbeddedSession()
        try session.run()
        #expect(session.writes.first == ByteBuffer(bytes: Array("AMQP".utf8) + [0, 0, 9, 1]))
    }

    @Test func nothingIsSentBeforeTheChannelIsActive() throws {
        let channel = EmbeddedChannel()
        let handler = AMQPConnectionHandler(on: channel.eventLoop)
        try channel.pipeline.syncOperations.addHandler(handler)
        channel.embeddedEventLoop.run()
        #expect(try channel.readOutbound(as: ByteBuffer.self) == nil)
        _ = try channel.finish()
        guard case .failure(let error as AMQPError)? = handler.ready.resultNow else {
            Issue.record("ready was not completed")
            return
        }
        #expect(error.code == .connectionOpenAborted)
    }

    @Test func aHandlerThatIsAddedToAnActiveChannelBegins() throws {
        let channel = EmbeddedChannel()
        channel.connect(to: try NIOCore.SocketAddress(ipAddress: "127.0.0.1", port: 5672), promise: nil)
        let handler = AMQPConnectionHandler(on: channel.eventLoop)
        try channel.pipeline.syncOperations.addHandler(handler)
        channel.embeddedEventLoop.run()
        #expect(try channel.readOutbound(as: ByteBuffer.self)?.readableBytes == 8)
        channel.close(promise: nil)
        channel.embeddedEventLoop.run()
        #expect(handler.closed.resultNow != nil)
    }

    @Test func aHandlerThatIsRemovedEndsTheConnection() throws {
        let session = try EmbeddedSession()
        _ = try session.value(session.handler.ready)
        session.channel.pipeline.syncOperations.removeHandler(
            context: try session.channel.pipeline.syncOperations.context(handler: session.handler), promise: nil)
        #expect(try session.value(session.handler.closed).code == .streamLost)
    }

    @Test func channelsAreOpened() throws {
        let session = try EmbeddedSession()
        let first = try session.value(session.handler.channel())
        let connection = try session.value(session.handler.ready)
        let seventh = try session.value(connection.channel(number: 7))
        #expect([first.number, seventh.number] == [1, 7])
        #expect(try session.error(connection.channel(number: 7)).code == .channelNumberInUse)
    }

    @Test func openingAChannelFailsWhenTheConnectionIsClosedFirst() throws {
        let session = try EmbeddedSession()
        let connection = try session.value(session.handler.ready)
        session.broker.script.onMethod = { broker, received in
            guard case .channelOpen = received.method else { return false }
            broker.closeConnection(320, "CONNECTION_FORCED")
            return true
        }
        let error = try session.error(connection.channel())
        #expect(error.code == .connectionClosedByBroker)
        #expect(error.replyCode == 320)
        #expect(try session.error(connection.channel()).code == .connectionWrongState)
    }

    @Test func bytesThatComeOneByOneAreUnderstood() throws {
        let session = try EmbeddedSession()
        let handler = session.handler
        let record = BrokerRecord()
        let channel = EmbeddedChannel()
        let other = AMQPConnectionHandler(on: channel.eventLoop)
        var fromBroker: [UInt8] = []
        let broker = ScriptedBroker(
            BrokerScript(), record: record, write: { fromBroker += $0 }, finish: { _ in })
        try channel.pipeline.syncOperations.addHandler(other)
        channel.connect(to: try NIOCore.SocketAddress(ipAddress: "127.0.0.1", port: 5672), promise: nil)
        for _ in 0 ..< 5 {
            channel.embeddedEventLoop.run()
            while let bytes = try channel.readOutbound(as: ByteBuffer.self) {
                bytes.withUnsafeReadableBytes { broker.receive($0) }
            }
            let bytes = fromBroker
            fromBroker = []
            for byte in bytes { try channel.writeInbound(ByteBuffer(bytes: [byte])) }
        }
        #expect(other.ready.resultNow.map { (try? $0.get()) != nil } == true)
        channel.close(promise: nil)
        channel.embeddedEventLoop.run()
        _ = try session.value(handler.ready)
    }

    @Test func aLostStreamEndsTheConnectionOnce() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        let pending = channel.queueDeclare()
        try session.lose()
        let reason = try session.value(session.handler.closed)
        #expect(reason.code == .streamLost)
        #expect("\(reason)".contains("104") || reason.underlying != nil)
        #expect(try session.error(pending).code == .streamLost)
        session.channel.pipeline.fireChannelInactive()
        try session.run()
        #expect(try session.value(session.handler.closed).code == .streamLost)
    }

    @Test func aStreamThatTheBrokerEndsIsLost() throws {
        let session = try EmbeddedSession()
        _ = try session.value(session.handler.ready)
        session.broker.end()
        #expect(try session.value(session.handler.closed).code == .streamLost)
    }

    @Test func readyFailsWhenTheBrokerRefuses() throws {
        let script = BrokerScript { broker, received in
            guard case .connectionStartOK = received.method else { return false }
            broker.closeConnection(403, "ACCESS_REFUSED")
            return true
        }
        let session = try EmbeddedSession(ConnectionParameters(), script)
        let error = try session.error(session.handler.ready)
        #expect(error.code == .authenticationRefused)
        #expect(try session.value(session.handler.closed).code == .authenticationRefused)
        #expect(!session.channel.isActive)
    }

    @Test func readyFailsOnceWhenTheStreamIsLostWhileOpening() throws {
        // A stream that is lost before the log-in was answered is the way in which old brokers refuse it.
        let script = BrokerScript { _, _ in true }
        let session = try EmbeddedSession(ConnectionParameters(), script)
        try session.run()
        try session.lose()
        let first = try session.error(session.handler.ready)
        #expect(first.code == .authenticationRefused)
        session.channel.pipeline.fireChannelInactive()
        #expect(try session.error(session.handler.ready).code == first.code)
        #expect(try session.value(session.handler.closed).code == first.code)
    }

    @Test func aSilentBrokerIsGivenUpByTheEventLoopsClock() throws {
        let session = try EmbeddedSession(
            ConnectionParameters(stackTimeout: .seconds(3)), BrokerScript { _, _ in true })
        try session.run()
        session.eventLoop.advanceTime(by: .seconds(3))
        #expect(try session.error(session.handler.ready).code == .deadlineExceeded)
    }

    @Test func heartbeatsFollowTheEventLoopsClock() throws {
        let session = try EmbeddedSession(ConnectionParameters(heartbeat: 10))
        _ = try session.value(session.handler.ready)
        for _ in 0 ..< 4 {
            session.eventLoop.advanceTime(by: .seconds(5))
            session.broker.sendHeartbeat()
            try session.run()
        }
        #expect(session.record.heartbeatCount >= 3)
        #expect(session.handler.closed.resultNow == nil)
        session.eventLoop.advanceTime(by: .seconds(18))
        #expect(try session.value(session.handler.closed).code == .heartbeatTimeout)
    }

    @Test func closingIsConfirmedAndClosesTheChannel() throws {
        let session = try EmbeddedSession()
        let connection = try session.value(session.handler.ready)
        let closed = connection.close(replyCode: 200, replyText: "done")
        try session.value(closed)
        #expect(try session.value(connection.closed).code == .connectionClosedByClient)
        #expect(try session.value(session.handler.closed).code == .connectionClosedByClient)
        #expect(connection.isClosed)
        #expect(!session.channel.isActive)
        guard case .connectionClose(let close)? = session.record.methods.last?.method else {
            Issue.record("no close was sent")
            return
        }
        #expect(close.replyText == "done")
    }

    @Test func closingTwiceFailsTheSecondTime() throws {
        let session = try EmbeddedSession()
        let connection = try session.value(session.handler.ready)
        let first = connection.close()
        let second = connection.close()
        #expect(try session.error(second).code == .connectionWrongState)
        try session.value(first)
    }

    @Test func aCloseOfTheBrokersIsAnsweredAndTold() throws {
        let session = try EmbeddedSession()
        let connection = try session.value(session.handler.ready)
        session.broker.closeConnection(320, "CONNECTION_FORCED")
        let reason = try session.value(connection.closed)
        #expect(reason.code == .connectionClosedByBroker)
        #expect(reason.replyCode == 320)
        #expect(session.record.methodNames.last == "connection.close-ok")
    }

    @Test func aSecretIsUpdated() throws {
        let session = try EmbeddedSession()
        let connection = try session.value(session.handler.ready)
        _ = try session.value(connection.updateSecret("new", reason: "expired"))
        #expect(session.record.methodNames.last == "connection.update-secret")
    }

    @Test func nothingOfAHandlerThatWasDroppedIsLeft() throws {
        weak var dropped: AMQPConnectionHandler?
        do {
            let session = try EmbeddedSession()
            _ = try session.openChannel()
            dropped = session.handler
            try session.lose()
        }
        #expect(dropped == nil)
    }
}
#endif
