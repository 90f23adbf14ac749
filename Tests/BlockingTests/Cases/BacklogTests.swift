import AMQPBlocking
import AdapterKit
import BrokerSupport
import Testing

/// What waits for the program does not grow without end, and keeps nobody from what is behind it.
@Suite(.timeLimit(.minutes(2))) struct BacklogTests {
    private static let messageCount = 8000
    /// A thousand, and a few reads of 256 KiB.
    private static let limit = 4000

    private static func deliver(_ count: Int, to tag: String, channel: UInt16, _ broker: ScriptedBroker) {
        let message = BrokerMessage(routingKey: "test", body: ByteSlice(Array(repeating: UInt8(7), count: 1024)))
        for _ in 0 ..< count { broker.deliver(message, tag: tag, channel: channel) }
    }

    @Test(arguments: [false, true])
    func `a sequence reads no further ahead than a thousand messages`(isAutoAck: Bool) async throws {
        let script = BrokerScript { broker, received in
            guard case .basicConsume(let consume) = received.method else { return false }
            broker.send(.basicConsumeOK(BasicConsumeOK(consumerTag: consume.consumerTag)), channel: received.channel)
            Self.deliver(Self.messageCount, to: consume.consumerTag, channel: received.channel, broker)
            return true
        }
        try await scripted(script) { parameters, _ in
            try BlockingConnection.withConnection(parameters) { connection in
                let channel = try connection.channel()
                var (count, most) = (0, 0)
                for delivery in try channel.consume("test", autoAck: isAutoAck) {
                    count += 1
                    if isAutoAck { try connection.processDataEvents() } else { try channel.basicAck(delivery.tag) }
                    if count == 1 {
                        try connection.serve { channel.waitingMessageCount >= 1000 }
                        // The broker has time to send as much as it can.
                        let end = ContinuousClock.now.advanced(by: .seconds(1))
                        while ContinuousClock.now < end {
                            if isAutoAck { try channel.basicPublish("x", routingKey: "nowhere") }
                            try connection.processDataEvents(timeLimit: .milliseconds(5))
                        }
                    }
                    most = max(most, channel.waitingMessageCount)
                    if count == Self.messageCount { break }
                }
                #expect(most < Self.limit, "\(most) messages waited")
            }
        }
    }

    @Test(arguments: [false, true])
    func `what is waited for comes behind the messages of a sequence that nobody reads`(isSequence: Bool) async throws {
        let script = BrokerScript { broker, received in
            guard case .basicConsume(let consume) = received.method else { return false }
            broker.send(.basicConsumeOK(BasicConsumeOK(consumerTag: consume.consumerTag)), channel: received.channel)
            Self.deliver(2000, to: "unread", channel: 1, broker)
            if received.channel == 2 { Self.deliver(1, to: consume.consumerTag, channel: 2, broker) }
            return true
        }
        try await scripted(script) { parameters, _ in
            try BlockingConnection.withConnection(parameters) { connection in
                let (unread, channel) = (try connection.channel(), try connection.channel())
                _ = try unread.consume("test", consumerTag: "unread")
                if isSequence {
                    var deliveries = try channel.consume("other")
                    #expect(deliveries.next()?.body.count == 1024)
                } else {
                    let notes = Notes<Int>()
                    try channel.basicConsume("other") { _, delivery in notes.add(delivery.body.count) }
                    try connection.serve { notes.all == [1024] }
                }
                #expect(unread.waitingMessageCount == 4000)
            }
        }
    }
}
