internal import AMQPConnection
internal import AMQPProtocol
internal import AdapterKit
internal import Synchronization
internal import Testing

/// Consumers whose handlers run elsewhere; here the test says when.
@Suite struct OffLoopTests {
    private struct Mishap: Error {}

    /// Keeps work until it is told to run it.
    private final class HeldWork: WorkExecutor {
        private let work = Mutex<[@Sendable () -> Void]>([])

        func submit(_ work: @escaping @Sendable () -> Void) {
            self.work.withLock { $0.append(work) }
        }

        var count: Int { work.withLock { $0.count } }

        func runFirst() {
            work.withLock { $0.removeFirst() }()
        }
    }

    private func deliver(_ rig: Rig, _ tags: ClosedRange<UInt64>) {
        rig.brokerSends { broker in
            for tag in tags {
                broker.deliver(
                    BasicDeliver(
                        consumerTag: "c", deliveryTag: tag, redelivered: false, exchange: "", routingKey: ""),
                    body: [UInt8(tag)])
            }
        }
    }

    private func session(
        maxInFlight: UInt16 = 2, onFailure: HandlerErrorPolicy = .nack(requeue: true),
        handler: @escaping @Sendable (Delivery) throws -> Void = { _ in }
    ) throws -> (Rig, Channel, HeldWork, OffLoopConsumer) {
        let rig = Rig()
        let channel = try rig.openChannel(rig.open())
        let work = HeldWork()
        _ = rig.takeReceived()
        let consumer = channel.consume(
            "q", on: work, maxInFlight: maxInFlight, consumerTag: "c", onFailure: onFailure, handler: handler)
        rig.loop.settle()
        #expect(rig.takeReceived() == ["basic.qos", "basic.consume"])
        return (rig, channel, work, consumer)
    }

    @Test func aDeliveryIsAcknowledgedWhenItsHandlerHasReturned() throws {
        let (rig, _, work, consumer) = try session()
        deliver(rig, 1 ... 2)
        #expect(work.count == 2 && consumer.inFlightCount == 2)
        #expect(rig.takeReceived() == [])
        work.runFirst()
        rig.loop.settle()
        #expect(rig.takeReceived() == ["basic.ack"])
        #expect(consumer.inFlightCount == 1)
    }

    @Test func noMoreThanTheLimitAreHandledAtATime() throws {
        let (rig, _, work, consumer) = try session()
        deliver(rig, 1 ... 5)
        #expect(work.count == 2)
        for left in (0 ..< 5).reversed() {
            work.runFirst()
            rig.loop.settle()
            #expect(consumer.inFlightCount == min(2, left))
        }
        #expect(rig.takeReceived() == Array(repeating: "basic.ack", count: 5))
    }

    @Test(
        arguments: [
            (HandlerErrorPolicy.report, []), (.nack(requeue: true), ["basic.nack"]), (.closeChannel, ["channel.close"]),
            (.closeConnection, ["channel.close", "connection.close"]),
        ] as [(HandlerErrorPolicy, [String])])
    func whatAHandlerThrowsLeadsToThePolicy(policy: HandlerErrorPolicy, sent: [String]) throws {
        let (rig, channel, work, _) = try session(onFailure: policy) { _ in throw Mishap() }
        var errors: [AMQPError] = []
        channel.connection.onError { errors.append($1) }
        deliver(rig, 1 ... 1)
        work.runFirst()
        rig.loop.settle()
        #expect(errors.map { $0.underlying is Mishap } == [true])
        #expect(rig.takeReceived() == sent)
    }

    @Test func aCancelWaitsForTheHandlersAndGivesBackTheRest() throws {
        let (rig, _, work, consumer) = try session(maxInFlight: 1)
        deliver(rig, 1 ... 2)
        consumer.cancel(completion: rig.log.completion("cancel"))
        rig.loop.settle()
        #expect(rig.takeReceived() == ["basic.cancel", "basic.reject"])
        #expect(!rig.log.lines.contains("cancel: ok"))
        work.runFirst()
        rig.loop.settle()
        #expect(rig.takeReceived() == ["basic.ack"])
        #expect(rig.log.lines.last == "cancel: ok")
    }

    @Test func whatComesForAConsumerWhoseCancelCouldNotBeSentGoesBackAndItIsCancelledThen() throws {
        let rig = Rig()
        let connection = rig.open(
            ConnectionParameters(outputLimit: 1_000, outputHighWaterMark: 500, outputLowWaterMark: 100))
        let channel = try rig.openChannel(connection)
        let tag = String(repeating: "c", count: 200)
        let consumer = channel.consume("q", on: HeldWork(), consumerTag: tag) { _ in }
        rig.loop.settle()
        rig.pipe.toServer.isStalled = true
        rig.pipe.toServer.capacity = 0
        #expect(throws: AMQPError.self) {
            while true { try channel.basicPublish([1], routingKey: "nobody") }
        }
        consumer.cancel(completion: rig.log.completion("cancel"))
        rig.loop.settle()
        #expect(rig.log.lines.last?.hasPrefix("cancel: outputBufferFull") == true)
        rig.pipe.toServer.capacity = .max
        rig.pipe.toServer.isStalled = false
        rig.loop.settle()
        _ = rig.takeReceived()
        rig.brokerSends { broker in
            broker.deliver(
                BasicDeliver(consumerTag: tag, deliveryTag: 1, redelivered: false, exchange: "", routingKey: ""),
                body: [1])
        }
        #expect(rig.takeReceived() == ["basic.reject", "basic.cancel"])
        #expect(channel.consumerTags == [])
    }

    @Test func aCloseWaitsForTheHandlersOfAConsumerThatTheBrokerCancelled() throws {
        let (rig, channel, work, _) = try session()
        deliver(rig, 1 ... 1)
        rig.brokerSends { $0.send(.basicCancel(BasicCancel(consumerTag: "c", noWait: true)), channel: 1) }
        rig.log.call { channel.close(completion: rig.log.completion("close")) }
        rig.loop.settle()
        #expect(rig.takeReceived() == [])
        work.runFirst()
        rig.loop.settle()
        #expect(rig.takeReceived() == ["basic.ack", "channel.close"])
        #expect(rig.log.lines.last == "close: ok")
    }

    @Test(arguments: [false, true]) func aCloseWaitsForTheHandlers(ofConnection: Bool) throws {
        let (rig, channel, work, _) = try session()
        deliver(rig, 1 ... 2)
        rig.log.call {
            if ofConnection {
                channel.connection.close(completion: rig.log.completion("close"))
            } else {
                channel.close(completion: rig.log.completion("close"))
            }
        }
        rig.loop.settle()
        #expect(rig.takeReceived() == ["basic.cancel"])
        work.runFirst()
        rig.loop.settle()
        #expect(rig.takeReceived() == ["basic.ack"])
        work.runFirst()
        rig.loop.settle()
        #expect(rig.takeReceived() == ["basic.ack", "channel.close"] + (ofConnection ? ["connection.close"] : []))
        #expect(rig.log.lines.contains("close: ok"))
        #expect(rig.log.lost == [] && rig.log.doubled == [])
    }

    @Test func aHandlerThatNeverReturnsDoesNotHoldUpACloseForEver() throws {
        let (rig, channel, work, _) = try session()
        channel.requestTimeout = .seconds(3)
        deliver(rig, 1 ... 1)
        channel.close(completion: rig.log.completion("close"))
        channel.close(completion: rig.log.completion("again"))
        rig.loop.advance(by: .seconds(4))
        #expect(
            rig.log.lines.suffix(3) == [
                "again: channelWrongState 0", "channel 1 closed: channelClosedByClient 200", "close: ok",
            ])
        _ = rig.takeReceived()
        work.runFirst()
        rig.loop.settle()
        #expect(rig.takeReceived() == [])
    }

    @Test func aLostStreamEndsACloseThatWaits() throws {
        let (rig, channel, work, _) = try session()
        deliver(rig, 1 ... 1)
        channel.close(completion: rig.log.completion("close"))
        rig.loop.settle()
        rig.brokerSends { $0.closeStream() }
        #expect(rig.log.lines.contains("close: streamLost 0"))
        work.runFirst()
        rig.loop.settle()
        #expect(rig.log.lost == [] && rig.log.doubled == [])
    }
}
