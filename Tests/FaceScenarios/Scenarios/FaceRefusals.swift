import AMQPConnection
import AMQPProtocol

/// What the broker answers by closing the channel: the call hears of it with code and method, so does who waits for the
/// channel's end, and the connection and its other channels live on.
enum FaceRefusals {
    static let all: [FaceScenario] = exchanges + queues + others + withoutAnswer

    private static let exchanges: [FaceScenario] = [
        refused("declaring-an-exchange-with-a-reserved-name", 403, .exchangeDeclare) { run, channel throws(AMQPError) in
            try await channel.exchangeDeclare("amq.\(run.uniqueName())")
        },
        refused("deleting-an-exchange-of-the-broker's-own", 403, .exchangeDelete) { _, channel throws(AMQPError) in
            try await channel.exchangeDelete("amq.direct")
        },
        refused("deleting-the-default-exchange", 403, .exchangeDelete) { _, channel throws(AMQPError) in
            try await channel.exchangeDelete("")
        },
        refused("a-passive-declare-of-a-missing-exchange", 404, .exchangeDeclare) { run, channel throws(AMQPError) in
            try await channel.exchangeDeclare(run.uniqueName("missing"), passive: true)
        },
        refused("binding-exchanges-that-are-missing", 404, .exchangeBind) { run, channel throws(AMQPError) in
            try await channel.exchangeBind(
                destination: run.uniqueName("missing"), source: "amq.fanout", routingKey: "")
        },
        refused("redeclaring-an-exchange-with-another-type", 406, .exchangeDeclare) { _, channel throws(AMQPError) in
            try await channel.exchangeDeclare("amq.direct", type: .topic, durable: true)
        },
        refused("deleting-an-exchange-in-use-if-asked", 406, .exchangeDelete) { run, channel throws(AMQPError) in
            let exchange = run.uniqueName()
            try await channel.exchangeDeclare(exchange, type: .fanout, autoDelete: true)
            let queue = try await channel.queueDeclare(exclusive: true).queue
            try await channel.queueBind(queue, exchange: exchange)
            try await channel.exchangeDelete(exchange, ifUnused: true)
        },
    ]

    private static let queues: [FaceScenario] = [
        refused("declaring-a-queue-with-a-reserved-name", 403, .queueDeclare) { run, channel throws(AMQPError) in
            try await channel.queueDeclare("amq.\(run.uniqueName())", exclusive: true)
        },
        refused("a-passive-declare-of-a-missing-queue", 404, .queueDeclare) { run, channel throws(AMQPError) in
            try await channel.queueDeclare(run.uniqueName("missing"), passive: true)
        },
        refused("another-connection's-exclusive-queue", 405, .queueDeclare) { run, channel throws(AMQPError) in
            let (_, queue) = try await run.queue()
            try await channel.queueDeclare(queue, passive: true)
        },
        refused("redeclaring-a-queue-with-other-arguments", 406, .queueDeclare) { run, channel throws(AMQPError) in
            let queue = run.uniqueName()
            try await channel.queueDeclare(queue, exclusive: true)
            try await channel.queueDeclare(queue, exclusive: true, arguments: ["x-message-ttl": 1000])
        },
        refused("an-argument-of-the-wrong-type", 406, .queueDeclare) { _, channel throws(AMQPError) in
            try await channel.queueDeclare(exclusive: true, arguments: ["x-message-ttl": "soon"])
        },
        refused("a-queue-type-that-does-not-exist", 406, .queueDeclare) { run, channel throws(AMQPError) in
            try await channel.queueDeclare(run.uniqueName(), arguments: ["x-queue-type": "square"])
        },
        refused("binding-to-the-default-exchange", 403, .queueBind) { _, channel throws(AMQPError) in
            let queue = try await channel.queueDeclare(exclusive: true).queue
            try await channel.queueBind(queue, exchange: "", routingKey: "k")
        },
        refused("binding-to-a-missing-exchange", 404, .queueBind) { run, channel throws(AMQPError) in
            let queue = try await channel.queueDeclare(exclusive: true).queue
            try await channel.queueBind(queue, exchange: run.uniqueName("missing"))
        },
        refused("unbinding-from-the-default-exchange", 403, .queueUnbind) { _, channel throws(AMQPError) in
            let queue = try await channel.queueDeclare(exclusive: true).queue
            try await channel.queueUnbind(queue, exchange: "", routingKey: "k", arguments: [:])
        },
        refused("purging-a-missing-queue", 404, .queuePurge) { run, channel throws(AMQPError) in
            _ = try await channel.queuePurge(run.uniqueName("missing"))
        },
        refused("deleting-a-queue-in-use-if-asked", 406, .queueDelete) { _, channel throws(AMQPError) in
            let queue = try await channel.queueDeclare(exclusive: true).queue
            _ = try await channel.basicConsume(queue)
            _ = try await channel.queueDelete(queue, ifUnused: true, ifEmpty: false)
        },
        refused("deleting-a-queue-that-is-not-empty-if-asked", 406, .queueDelete) { run, channel throws(AMQPError) in
            let queue = try await channel.queueDeclare(exclusive: true).queue
            try await run.publishConfirmed(["x"], to: queue, on: channel)
            _ = try await channel.queueDelete(queue, ifUnused: false, ifEmpty: true)
        },
    ]

    private static let others: [FaceScenario] = [
        refused("getting-from-a-missing-queue", 404, .basicGet) { run, channel throws(AMQPError) in
            _ = try await channel.basicGet(run.uniqueName("missing"))
        },
        refused("consuming-from-a-missing-queue", 404, .basicConsume) { run, channel throws(AMQPError) in
            _ = try await channel.basicConsume(run.uniqueName("missing"))
        },
        refused("a-second-consumer-beside-an-exclusive-one", 403, .basicConsume) { _, channel throws(AMQPError) in
            let queue = try await channel.queueDeclare(exclusive: true).queue
            _ = try await channel.basicConsume(queue, exclusive: true)
            _ = try await channel.basicConsume(queue)
        },
        refused("committing-without-select", 406, .txCommit) { _, channel throws(AMQPError) in
            try await channel.txCommit()
        },
        refused("rolling-back-without-select", 406, .txRollback) { _, channel throws(AMQPError) in
            try await channel.txRollback()
        },
        refused("confirms-after-transactions", 406, .confirmSelect) { _, channel throws(AMQPError) in
            try await channel.txSelect()
            try await channel.confirmSelect()
        },
        refused("transactions-after-confirms", 406, .txSelect) { _, channel throws(AMQPError) in
            try await channel.confirmSelect()
            try await channel.txSelect()
        },
    ]

    private static let withoutAnswer: [FaceScenario] = [
        endsChannel("acknowledging-an-unknown-tag", 406, .basicAck) { _, channel throws(AMQPError) in
            try await channel.basicAck(4711)
        },
        endsChannel("rejecting-an-unknown-tag", 406, .basicReject) { _, channel throws(AMQPError) in
            try await channel.basicReject(4711, requeue: true)
        },
        endsChannel("nacking-an-unknown-tag", 406, .basicNack) { _, channel throws(AMQPError) in
            try await channel.basicNack(4711, multiple: false, requeue: true)
        },
        endsChannel("publishing-to-a-missing-exchange", 404, .basicPublish) { run, channel throws(AMQPError) in
            try await channel.publish("x", to: "", exchange: run.uniqueName("missing"))
        },
        endsChannel("publishing-to-an-internal-exchange", 403, .basicPublish) { run, channel throws(AMQPError) in
            let exchange = run.uniqueName()
            let queue = try await channel.queueDeclare(exclusive: true).queue
            try await channel.exchangeDeclare(exchange, type: .fanout, autoDelete: true, internal: true)
            try await channel.queueBind(queue, exchange: exchange)
            try await channel.publish("x", to: "", exchange: exchange)
        },
        endsChannel("publishing-as-another-user", 406, .basicPublish) { _, channel throws(AMQPError) in
            try await channel.publish(
                FaceMessage("x", routingKey: "y", properties: MessageProperties(userID: "somebody-else")))
        },
        endsChannel("an-expiration-that-is-no-number", 406, .basicPublish) { _, channel throws(AMQPError) in
            let queue = try await channel.queueDeclare(exclusive: true).queue
            try await channel.publish(
                FaceMessage("x", routingKey: queue, properties: MessageProperties(expiration: "soon")))
        },
        endsChannel("acknowledging-twice", 406, .basicAck) { run, channel throws(AMQPError) in
            let queue = try await channel.queueDeclare(exclusive: true).queue
            try await channel.publish("x", to: queue)
            let delivery = try await run.next(from: try await channel.basicConsume(queue))
            try await channel.basicAck(delivery.tag)
            try await channel.basicAck(delivery.tag)
        },
    ]

    /// A call is refused with a code, and only its channel ends.
    private static func refused(
        _ what: String, _ replyCode: UInt16, _ method: MethodID,
        _ call: @escaping @Sendable (FaceRun, any FaceChannel) async throws(AMQPError) -> Void
    ) -> FaceScenario {
        FaceScenario("\(what)-is-\(replyCode)-on-the-channel") { run in
            let connection = try await run.connect()
            let other = try await connection.channel()
            let channel = try await connection.channel()
            await run.expectFailure(.channelClosedByBroker, replyCode, method, of: what) { () throws(AMQPError) in
                try await call(run, channel)
            }
            try await expectEnd(of: channel, replyCode, method, beside: other, on: connection, run)
        }
    }

    /// A call without an answer of the broker's ends its channel with a code, at once or a little later.
    private static func endsChannel(
        _ what: String, _ replyCode: UInt16, _ method: MethodID,
        _ call: @escaping @Sendable (FaceRun, any FaceChannel) async throws(AMQPError) -> Void
    ) -> FaceScenario {
        FaceScenario("\(what)-is-\(replyCode)-on-the-channel") { run in
            let connection = try await run.connect()
            let other = try await connection.channel()
            let channel = try await connection.channel()
            do throws(AMQPError) {
                try await call(run, channel)
            } catch {
                // A face that waits until a call's bytes have left may hear of their consequence.
                run.expect(error, .channelClosedByBroker, replyCode, method, of: what)
            }
            try await expectEnd(of: channel, replyCode, method, beside: other, on: connection, run)
        }
    }

    private static func expectEnd(
        of channel: any FaceChannel, _ replyCode: UInt16, _ method: MethodID, beside other: any FaceChannel,
        on connection: any FaceConnection, _ run: FaceRun
    ) async throws(AMQPError) {
        run.expect(try await channel.closed(), .channelClosedByBroker, replyCode, method, of: "the channel's end")
        await run.expectFailure(.channelWrongState, replyCode, of: "a call behind the end") { () throws(AMQPError) in
            try await channel.queueDeclare(exclusive: true)
        }
        try await other.queueDeclare(exclusive: true)
        run.expect(try await connection.facts().isOpen, "the connection suffered")
        run.expectEqual(try await connection.channel().number, channel.number, "the number is free again")
    }
}
