@testable import AMQPAsync
import AdapterKit
import Testing

/// The loop's side of a sequence, against a broker that follows a script.
@Suite struct DeliveryFeedTests {
    @Test func `what comes for a consumer whose cancel could not be sent goes back, and it is cancelled then`() throws {
        let loop = VirtualLoop()
        let pipe = MemoryPipe(on: loop)
        loop.onConnect = { _, _ in .stream(pipe.client) }
        let record = BrokerRecord()
        let broker = ScriptedBroker.attach(to: pipe.server, record: record)
        let parameters = ConnectionParameters(outputLimit: 1_000, outputHighWaterMark: 500, outputLowWaterMark: 100)
        let connection = Connection(parameters, on: loop)
        var errors: [AMQPError.Code] = []
        connection.onError { _, error in errors.append(error.code) }
        loop.settle()
        var opened: Channel?
        connection.openChannel { opened = try $0.get() }
        loop.settle()
        let channel = try #require(opened)
        let tag = String(repeating: "c", count: 200)
        let buffer = DeliveryBuffer(high: 1_000, low: 100)
        let feed = DeliveryFeed(buffer, on: channel, isAutoAck: false)
        channel.queueDeclare("q")
        feed.consumerTag = channel.basicConsume("q", consumerTag: tag, onMessage: { feed.received($1) })
        loop.settle()

        pipe.toServer.isStalled = true
        pipe.toServer.capacity = 0
        channel.fillOutput()
        feed.abandoned()
        loop.settle()
        #expect(errors == [.outputBufferFull])
        #expect(channel.consumerTags == [tag])

        pipe.toServer.capacity = .max
        pipe.toServer.isStalled = false
        loop.settle()
        let count = record.methods.count
        for _ in 0 ..< 2 {
            broker.deliver(
                BrokerMessage(routingKey: "q", body: ByteSlice(utf8: "x")), tag: tag, channel: channel.number)
        }
        loop.settle()
        #expect(record.methodNames[count...] == ["basic.reject", "basic.cancel", "basic.reject"])
        #expect(channel.consumerTags == [])
        #expect(buffer.takeAll().isEmpty)
        #expect(errors == [.outputBufferFull])
        connection.close()
        loop.settle()
    }
}
