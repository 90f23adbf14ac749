#if NIO
internal import AMQPNIO
internal import Testing

/// What is asked of a loop that is closed, while its event loop goes on.
@Suite struct ClosedLoopTests {
    @Test func requestsOnALoopThatIsClosedFail() throws {
        let session = try EmbeddedSession()
        let channel = try session.openChannel()
        let connection = try session.value(session.handler.ready)
        let pending = channel.queueDeclare()
        _ = try session.value(connection.withConnection { ($0.ioLoop as? NIOLoop)?.close() })
        #expect(try session.error(pending).code == .loopClosed)
        #expect(try session.value(connection.closed).code == .loopClosed)
        #expect(try session.error(connection.channel()).code == .loopClosed)
        #expect(try session.error(connection.updateSecret("guest", reason: "test")).code == .loopClosed)
        #expect(try session.error(connection.close()).code == .loopClosed)
        #expect(try session.error(channel.queueDeclare()).code == .loopClosed)
        #expect(try session.error(channel.queueDelete("jobs")).code == .loopClosed)
        #expect(try session.error(channel.basicConsume("jobs")).code == .loopClosed)
        #expect(try session.error(channel.basicCancel("tag")).code == .loopClosed)
        let worker = channel.consume("jobs", on: .submitting { $0() }) { _ in }
        #expect(try session.error(worker).code == .loopClosed)
        #expect(try session.error(channel.close()).code == .loopClosed)
        // What needs no answer is as on any channel that is over.
        #expect(try session.error(channel.basicPublish("x", routingKey: "jobs")).code == .channelWrongState)
        #expect(try session.error(channel.basicAck(1)).code == .channelWrongState)
        #expect(try session.value(connection.withConnection { $0.isClosed }))
    }
}
#endif
