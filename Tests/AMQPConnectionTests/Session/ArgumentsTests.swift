internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Testing

/// Typed arguments become the field tables that RabbitMQ reads.
@Suite struct ArgumentsTests {
    @Test func everyQueueArgumentHasItsNameAndType() throws {
        let arguments = QueueArguments(
            type: .quorum, messageTTL: .seconds(60), expires: .milliseconds(1), deadLetterExchange: "dlx",
            deadLetterRoutingKey: "dead", deadLetterStrategy: .atLeastOnce, maxLength: 10,
            maxLengthBytes: 5_000_000_000,
            overflow: .rejectPublish, maxPriority: 5, singleActiveConsumer: true, mode: .lazy, deliveryLimit: 3,
            quorumInitialGroupSize: 1, leaderLocator: .clientLocal, initialClusterSize: 1,
            maxAge: StreamInterval(7, .days), maxSegmentSizeBytes: 1000, others: ["x-new": 1])
        #expect(
            try arguments.table() == [
                "x-queue-type": "quorum", "x-message-ttl": 60_000, "x-expires": 1, "x-dead-letter-exchange": "dlx",
                "x-dead-letter-routing-key": "dead", "x-dead-letter-strategy": "at-least-once", "x-max-length": 10,
                "x-max-length-bytes": 5_000_000_000, "x-overflow": "reject-publish", "x-max-priority": 5,
                "x-single-active-consumer": true, "x-queue-mode": "lazy", "x-delivery-limit": 3,
                "x-quorum-initial-group-size": 1, "x-queue-leader-locator": "client-local",
                "x-initial-cluster-size": 1, "x-max-age": "7D", "x-stream-max-segment-size-bytes": 1000, "x-new": 1,
            ])
        #expect(try QueueArguments().table().isEmpty)
    }

    @Test(arguments: [
        QueueArguments(messageTTL: .milliseconds(-1)), QueueArguments(messageTTL: .milliseconds(4_294_967_296)),
        QueueArguments(messageTTL: .seconds(Int64.max)), QueueArguments(messageTTL: .seconds(Int64.min)),
        QueueArguments(messageTTL: .seconds(1e19)), QueueArguments(messageTTL: Duration(attoseconds: .max)),
        QueueArguments(expires: Duration(attoseconds: .min)),
        QueueArguments(expires: .zero), QueueArguments(deadLetterRoutingKey: "k"), QueueArguments(maxLength: -1),
        QueueArguments(maxLengthBytes: .min), QueueArguments(deliveryLimit: -1),
        QueueArguments(quorumInitialGroupSize: 0), QueueArguments(initialClusterSize: 0),
        QueueArguments(maxAge: StreamInterval(-1, .years)), QueueArguments(maxSegmentSizeBytes: -1),
        QueueArguments(maxLength: 1, others: ["x-max-length": 2]),
    ])
    func aValueOutOfRangeIsATypedErrorThatNamesIt(arguments: QueueArguments) {
        let error = thrown { _ = try arguments.table() }
        #expect(error?.code == .invalidArgument)
        #expect(error?.reason.contains("x-") == true)
    }

    @Test func timesAreRoundedUpToMilliseconds() throws {
        #expect(try QueueArguments(messageTTL: .microseconds(1)).table()["x-message-ttl"] == 1)
        #expect(try QueueArguments(messageTTL: .microseconds(1000)).table()["x-message-ttl"] == 1)
        #expect(try QueueArguments(messageTTL: .milliseconds(4_294_967_295)).table()["x-message-ttl"] == 4_294_967_295)
        #expect(try MessageProperties.persistent.expiring(after: .seconds(1.5)).expiration == "1500")
        #expect(thrown { _ = try MessageProperties().expiring(after: .seconds(-1)) }?.code == .invalidArgument)
    }

    @Test func whereAConsumerBeginsInAStreamIsWrittenAsTheBrokerReadsIt() throws {
        let offsets: [(StreamOffset, FieldValue)] = [
            (.first, "first"), (.last, "last"), (.next, "next"), (.offset(5), .int64(5)),
            (.timestamp(1_700_000_000), .timestamp(1_700_000_000)), (.interval(StreamInterval(5, .minutes)), "5m"),
        ]
        for (offset, value) in offsets {
            #expect(try ConsumerArguments(streamOffset: offset).table() == ["x-stream-offset": value])
        }
        #expect(try ConsumerArguments(priority: -3).table() == ["x-priority": -3])
        for offset in [StreamOffset.offset(.max), .interval(StreamInterval(-1, .days))] {
            #expect(thrown { _ = try ConsumerArguments(streamOffset: offset).table() }?.code == .invalidArgument)
        }
        #expect(try ExchangeArguments(alternateExchange: "spare").table() == ["alternate-exchange": "spare"])
    }

    @Test func callsWithArgumentsOutOfRangeAreRefusedAndNothingIsSent() throws {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        _ = rig.takeReceived()
        rig.log.call {
            channel.queueDeclare("q", arguments: QueueArguments(maxLength: -1), completion: rig.log.completion("queue"))
            channel.exchangeDeclare(
                "e", arguments: ExchangeArguments(alternateExchange: "a", others: ["alternate-exchange": "b"]),
                completion: rig.log.completion("exchange"))
            channel.basicConsume(
                "q", arguments: ConsumerArguments(streamOffset: .offset(.max)), onMessage: { _, _ in },
                completion: rig.log.completion("consume"))
            channel.queueDeclare("q", arguments: QueueArguments(maxLength: -1))
        }
        rig.loop.settle()
        #expect(rig.takeReceived() == [])
        #expect(
            rig.log.lines == [
                "open", "queue: invalidArgument 0", "exchange: invalidArgument 0", "consume: invalidArgument 0",
                "error: invalidArgument",
            ])
        #expect(rig.log.insideCalls == [])
        #expect(channel.consumerTags == [])
    }
}
