import AMQPConnection
import AdapterKit

/// What the broker answers by closing the connection: each code that it can be brought to, with its scope and the method
/// that it names. What the library would never send is put into its stream by a proxy.
///
/// RabbitMQ 3.10 sends no 502 and no 506, and 402 not at all; those are checked with the scripted broker of AdapterKit.
enum ConnectionCodeScenarios {
    static let all: [AdapterCheck] =
        [
            injecting(
                "a-wrong-end-octet", 501,
                RawFrames.frame(type: 1, channel: 1, payload: [0, 90, 0, 10], end: 0) + Array(repeating: 0, count: 8)),
            injecting(
                "a-frame-above-frame-max", 501, RawFrames.frame(type: 3, channel: 1, payload: [], size: 200_000)),
            injecting("an-unknown-frame-type", 501, RawFrames.frame(type: 9, channel: 1, payload: [1, 2, 3])),
            injecting("a-heartbeat-with-a-payload", 501, RawFrames.frame(type: 8, channel: 0, payload: [1])),
            injecting("a-method-cut-short", 501, naming: .queueDeclare, RawFrames.method(50, 10, [0, 0, 4, 1])),
            injecting("an-answer-of-the-client's", 503, naming: .channelFlowOK, RawFrames.method(20, 21, [1])),
            injecting(
                "a-method-on-a-channel-that-is-not-open", 504, naming: .txSelect, RawFrames.method(90, 10, channel: 7)),
            injecting("a-channel-that-is-opened-twice", 504, naming: .channelOpen, RawFrames.method(20, 10, [0])),
            injecting("a-channel's-method-on-channel-0", 504, naming: .txSelect, RawFrames.method(90, 10, channel: 0)),
            injecting(
                "a-second-tune-ok", 504, naming: .connectionTuneOK,
                RawFrames.method(10, 31, channel: 0, [0, 9, 0, 2, 0, 0, 0, 0])),
            injecting("a-body-without-a-method", 505, RawFrames.body([1, 2, 3])),
            injecting("a-header-without-a-method", 505, RawFrames.header(size: 3)),
            injecting("a-heartbeat-on-a-channel", 505, RawFrames.frame(type: 8, channel: 1, payload: [])),
            injecting(
                "a-method-between-the-frames-of-a-message", 505, naming: .basicPublish,
                try publish() + RawFrames.method(90, 10)),
            injecting(
                "a-header-of-another-class", 505, naming: .basicPublish,
                try publish() + RawFrames.header(classID: 50, size: 3)),
            injecting(
                "a-consumer-tag-that-is-used-twice", 530, naming: .basicConsume,
                try RawFrames.method(.queueDeclare(QueueDeclare(queue: "", exclusive: true, noWait: true)))
                    + consume() + consume()),
            injecting(
                "an-immediate-publish", 540, naming: .basicPublish,
                try publish(immediate: true) + RawFrames.header(size: 0)),
            injecting(
                "properties-that-cannot-be-read", 541,
                try publish() + RawFrames.header(size: 0, flags: 0x8000)),
            injecting("a-connection's-method-cut-short", 541, RawFrames.method(10, 50, channel: 0, [0])),
        ] + [
            .scenario("a-connection's-error-ends-all-its-channels-once") { session in
                let bytes = RawFrames.method(90, 10, channel: 900)
                var events: [String] = []
                try session.channel(injecting: bytes) { channel in
                    let connection = channel.connection
                    connection.channel { other in
                        for channel in [channel, other] {
                            channel.onClose { channel, error in
                                session.expect(error, .connectionClosedByBroker, replyCode: 504, "channel's onClose")
                                events.append("channel \(channel.number)")
                            }
                        }
                    }
                    connection.onClose { connection, error in
                        session.expect(error, .connectionClosedByBroker, replyCode: 504, "onClose")
                        session.check.expectEqual(events, ["channel 1", "channel 2"], "events before")
                        session.check.expect(connection.isClosed, "\(connection)")
                        session.finish()
                    }
                }
            }
        ]

    /// Bytes in the client's stream close the connection with a code.
    private static func injecting(
        _ what: String, _ code: UInt16, naming method: MethodID? = nil,
        _ bytes: @escaping @autoclosure @Sendable () throws -> [UInt8]
    ) -> AdapterCheck {
        .scenario("\(what)-is-\(code)-on-the-connection") { session in
            try session.channel(injecting: bytes()) { channel in
                var events: [String] = []
                channel.onClose { _, error in
                    session.expect(
                        error, .connectionClosedByBroker, replyCode: code, method: method, "channel's onClose")
                    events.append("channel")
                }
                channel.connection.onClose { connection, error in
                    session.expect(error, .connectionClosedByBroker, replyCode: code, method: method, "onClose")
                    if method == nil { session.check.expect(error.method == nil, "\(error) names a method") }
                    session.check.expectEqual(events, ["channel"], "events before")
                    session.check.expect(connection.isClosed, "\(connection)")
                    session.finish()
                }
            }
        }
    }

    private static func publish(immediate: Bool = false) throws -> [UInt8] {
        try RawFrames.method(.basicPublish(BasicPublish(exchange: "", routingKey: "x", immediate: immediate)))
    }

    private static func consume() throws -> [UInt8] {
        try RawFrames.method(.basicConsume(BasicConsume(queue: "", consumerTag: "twice", noWait: true)))
    }
}
