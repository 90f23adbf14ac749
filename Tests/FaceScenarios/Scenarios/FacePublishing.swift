import AMQPConnection
import AMQPProtocol

/// Publishing, confirms and returns.
enum FacePublishing {
    static let all: [FaceScenario] = [
        FaceScenario("a-thousand-publishes-are-confirmed-and-arrive") { run in
            let (channel, queue) = try await run.queue()
            let texts = (0 ..< 1000).map { "message \($0)" }
            let consumer = try await channel.basicConsume(queue, autoAck: true)
            try await run.publishConfirmed(texts, to: queue, on: channel)
            run.expectEqual(Set(try await run.texts(1000, from: consumer)), Set(texts), "messages")
        },
        FaceScenario("publishes-arrive-in-the-order-of-the-calls") { run in
            let (channel, queue) = try await run.queue()
            let consumer = try await channel.basicConsume(queue, autoAck: true)
            let texts = (0 ..< 200).map { "message \($0)" }
            for text in texts { try await channel.publish(text, to: queue) }
            run.expectEqual(try await run.texts(200, from: consumer), texts, "order")
        },
        FaceScenario("bodies-of-all-sizes-come-back-equal", limit: .seconds(60)) { run in
            let (channel, queue) = try await run.queue()
            let consumer = try await channel.basicConsume(queue, autoAck: true)
            for size in [0, 1, 4095, 8184, 8185, 131_063, 131_064, 131_065, 1_048_576] {
                var body = [UInt8](repeating: UInt8(truncatingIfNeeded: size), count: size)
                for index in stride(from: 0, to: size, by: 997) { body[index] = UInt8(truncatingIfNeeded: index) }
                try await channel.publish(FaceMessage(body, routingKey: queue))
                let delivery = try await run.next(from: consumer)
                run.expect(Array(delivery.body) == body, "a body of \(size) bytes came back different")
            }
        },
        FaceScenario("a-small-frame-max-cuts-bodies") { run in
            var parameters = run.parameters
            parameters.frameMax = 4096
            let channel = try await run.connect(parameters).channel()
            let queue = try await channel.queueDeclare(exclusive: true).queue
            let consumer = try await channel.basicConsume(queue, autoAck: true)
            for size in [4087, 4088, 4089, 100_000] {
                try await channel.publish(FaceMessage([UInt8](repeating: 7, count: size), routingKey: queue))
                run.expectEqual(try await run.next(from: consumer).body.count, size, "size")
            }
        },
        FaceScenario("all-properties-come-back-equal") { run in
            let (channel, queue) = try await run.queue()
            let properties = MessageProperties(
                contentType: "text/plain", contentEncoding: "utf-8",
                headers: ["n": 5, "nested": ["yes": true, "no": false], "list": [1, "two"], "nothing": .void],
                deliveryMode: .persistent, priority: 3, correlationID: "c", replyTo: "r", expiration: "60000",
                messageID: "m", timestamp: 1_700_000_000, type: "t", userID: "guest", appID: "a", clusterID: "k")
            try await channel.publish(FaceMessage("grüße", routingKey: queue, properties: properties))
            let consumer = try await channel.basicConsume(queue, autoAck: true)
            let delivery = try await run.next(from: consumer)
            run.expectEqual(delivery.text, "grüße", "text")
            run.expectEqual(try delivery.properties, properties, "properties")
        },
        FaceScenario("an-unroutable-mandatory-message-is-returned") { run in
            let channel = try await run.channel()
            let returns = try await channel.returns()
            try await channel.publish(FaceMessage("come back", routingKey: "nowhere.at.all", isMandatory: true))
            let message = try await returns.next()
            run.expectEqual(message?.replyCode, 312, "reply code")
            run.expectEqual(message?.replyText, "NO_ROUTE", "reply text")
            run.expectEqual(message?.exchange, "", "exchange")
            run.expectEqual(message?.routingKey, "nowhere.at.all", "routing key")
            run.expectEqual(message?.body.text, "come back", "body")
        },
        FaceScenario("an-unroutable-message-that-is-not-mandatory-is-confirmed") { run in
            let channel = try await run.channel()
            try await run.publishConfirmed(["x"], to: "nowhere.at.all", on: channel)
        },
        FaceScenario("returns-mixed-with-confirms-go-to-their-own-publishes") { run in
            let (channel, queue) = try await run.queue()
            try await channel.confirmSelect()
            let messages = (0 ..< 100).map { index in
                FaceMessage("\(index)", routingKey: index % 3 == 0 ? "nowhere" : queue, isMandatory: true)
            }
            for (index, outcome) in try await channel.publishConfirmed(messages).enumerated() {
                switch outcome {
                case .confirmed where index % 3 != 0: break
                case .returned(let message) where index % 3 == 0:
                    run.expectEqual(message.body.text, "\(index)", "returned message")
                default: run.fail("publish \(index): \(outcome)")
                }
            }
        },
        FaceScenario("an-overflowing-queue-nacks") { run in
            let (channel, queue) = try await run.queue(["x-max-length": 1, "x-overflow": "reject-publish"])
            try await channel.confirmSelect()
            let messages = ["0", "1", "2"].map { FaceMessage($0, routingKey: queue) }
            let outcomes = try await channel.publishConfirmed(messages).map { "\($0)" }
            run.expectEqual(outcomes.sorted(), ["confirmed", "nacked", "nacked"], "outcomes")
        },
        FaceScenario("publishes-in-flight-are-lost-with-their-channel") { run in
            let channel = try await run.channel()
            try await channel.confirmSelect()
            let message = FaceMessage("x", exchange: run.uniqueName("missing"), routingKey: "")
            guard case .lost(let error) = try await channel.publishConfirmed(message) else {
                return run.fail("it was not lost")
            }
            run.expect(error, .channelClosedByBroker, 404, .basicPublish, of: "outcome")
            run.expect(try await channel.closed(), .channelClosedByBroker, 404, .basicPublish, of: "the channel's end")
        },
        FaceScenario("a-routing-key-of-more-than-255-bytes-is-refused-and-nothing-sent") { run in
            let (channel, queue) = try await run.queue()
            await run.expectFailure(.invalidArgument, nil, .basicPublish, of: "publish") { () throws(AMQPError) in
                try await channel.publish("bad", to: String(repeating: "k", count: 256))
            }
            try await channel.publish("good", to: queue)
            let consumer = try await channel.basicConsume(queue, autoAck: true)
            run.expectEqual(try await run.next(from: consumer).text, "good", "the only message")
        },
        FaceScenario("a-committed-transaction-publishes-and-a-rolled-back-one-does-not") { run in
            let (channel, queue) = try await run.queue()
            try await channel.txSelect()
            try await channel.publish("rolled back", to: queue)
            try await channel.txRollback()
            try await channel.publish("committed", to: queue)
            try await channel.txCommit()
            let delivery = try await channel.basicGet(queue)
            run.expectEqual(delivery?.text, "committed", "text")
            run.expectEqual(delivery?.messageCount, 0, "messages left")
        },
        FaceScenario("an-acknowledgement-that-is-rolled-back-is-none") { run in
            let connection = try await run.connect()
            let channel = try await connection.channel()
            let queue = try await channel.queueDeclare(exclusive: true).queue
            try await channel.publish("again", to: queue)
            let other = try await connection.channel()
            try await other.txSelect()
            let delivery = try await run.next(from: try await other.basicConsume(queue))
            try await other.basicAck(delivery.tag)
            try await other.txRollback()
            try await other.close()
            let again = try await channel.basicGet(queue)
            run.expectEqual(again?.text, "again", "text")
            run.expectEqual(again?.isRedelivered, true, "redelivered")
        },
    ]
}
