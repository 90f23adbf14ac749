import AMQPConnection
import AMQPProtocol

/// Queues, exchanges and bindings.
enum FaceTopology {
    static let all: [FaceScenario] = queues + exchanges

    private static let queues: [FaceScenario] = [
        FaceScenario("the-broker-names-an-unnamed-queue") { run in
            let (channel, queue) = try await run.queue()
            run.expect(queue.hasPrefix("amq.gen-"), "name \(queue)")
            run.expectEqual(try await channel.queueDelete(queue), 0, "count")
        },
        FaceScenario("the-queue-declared-last-is-meant-by-an-empty-name") { run in
            let (channel, queue) = try await run.queue()
            try await channel.publish("x", to: queue)
            run.expectEqual(try await run.next(from: try await channel.basicConsume("")).text, "x", "text")
        },
        FaceScenario("a-passive-declare-tells-messages-and-consumers") { run in
            let (channel, queue) = try await run.queue()
            try await run.publishConfirmed(["1", "2"], to: queue, on: channel)
            let declared = try await channel.queueDeclare(queue, passive: true)
            run.expectEqual(declared.messageCount, 2, "messages")
            run.expectEqual(declared.consumerCount, 0, "consumers")
        },
        FaceScenario("a-queue-is-declared-bound-purged-unbound-and-deleted") { run in
            let (channel, queue) = try await run.queue()
            let exchange = run.uniqueName()
            try await channel.exchangeDeclare(exchange, type: .topic, autoDelete: true)
            try await channel.queueBind(queue, exchange: exchange, routingKey: "a.*")
            try await channel.confirmSelect()
            for key in ["a.b", "b.a"] {
                _ = try await channel.publishConfirmed(FaceMessage("x", exchange: exchange, routingKey: key))
            }
            run.expectEqual(try await channel.queuePurge(queue), 1, "purged")
            try await channel.queueUnbind(queue, exchange: exchange, routingKey: "a.*", arguments: [:])
            run.expectEqual(try await channel.queueDelete(queue), 0, "deleted")
        },
        FaceScenario("deleting-tells-how-many-messages-went") { run in
            let (channel, queue) = try await run.queue()
            try await run.publishConfirmed(["1", "2", "3"], to: queue, on: channel)
            run.expectEqual(try await channel.queueDelete(queue), 3, "messages")
        },
        FaceScenario("deleting-what-does-not-exist-is-fine") { run in
            let channel = try await run.channel()
            run.expectEqual(try await channel.queueDelete(run.uniqueName("missing")), 0, "count")
            try await channel.exchangeDelete(run.uniqueName("missing"))
        },
        FaceScenario("an-auto-delete-queue-goes-with-its-last-consumer") { run in
            let connection = try await run.connect()
            let channel = try await connection.channel()
            let queue = try await channel.queueDeclare(autoDelete: true).queue
            let consumer = try await channel.basicConsume(queue)
            try await channel.basicCancel(consumer.tag)
            let looking = try await connection.channel()
            await run.expectFailure(.channelClosedByBroker, 404, of: "passive declare") { () throws(AMQPError) in
                try await looking.queueDeclare(queue, passive: true)
            }
        },
        FaceScenario("an-exclusive-queue-goes-with-its-connection") { run in
            let connection = try await run.connect()
            let queue = run.uniqueName()
            try await connection.channel().queueDeclare(queue, exclusive: true)
            try await connection.close()
            let channel = try await run.channel()
            await run.expectFailure(.channelClosedByBroker, 404, of: "passive declare") { () throws(AMQPError) in
                try await channel.queueDeclare(queue, passive: true)
            }
        },
        FaceScenario("a-name-of-more-than-255-bytes-is-refused-locally") { run in
            let channel = try await run.channel()
            await run.expectFailure(.invalidArgument, nil, .queueDeclare, of: "declare") { () throws(AMQPError) in
                try await channel.queueDeclare(String(repeating: "ü", count: 128))
            }
            try await channel.queueDeclare(exclusive: true)
        },
    ]

    private static let exchanges: [FaceScenario] = [
        routing("a-direct-exchange-routes-by-equal-keys", .direct, key: "k", hits: ["k"], misses: ["k.k", ""]),
        routing("a-fanout-exchange-routes-everything", .fanout, key: "k", hits: ["k", "", "other"], misses: []),
        routing(
            "a-topic-exchange-routes-by-patterns", .topic, key: "*.stock.#", hits: ["us.stock", "eu.stock.a.b"],
            misses: ["stock", "us.bond"]),
        FaceScenario("a-headers-exchange-routes-by-headers") { run in
            let (channel, queue) = try await run.queue()
            let exchange = run.uniqueName()
            try await channel.exchangeDeclare(exchange, type: .headers, autoDelete: true)
            let match: FieldTable = ["x-match": "all", "colour": "red", "size": 5]
            try await channel.queueBind(queue, exchange: exchange, routingKey: "", arguments: match)
            try await channel.confirmSelect()
            for (text, headers) in [
                ("half", ["colour": "red"]), ("whole", ["colour": "red", "size": 5]), ("none", [:]),
            ] as [(String, FieldTable)] {
                let properties = MessageProperties(headers: headers)
                _ = try await channel.publishConfirmed(
                    FaceMessage(text, exchange: exchange, routingKey: "", properties: properties))
            }
            run.expectEqual(try await channel.basicGet(queue)?.text, "whole", "message")
            run.expectEqual(try await channel.basicGet(queue)?.text, nil, "another message")
            try await channel.queueUnbind(queue, exchange: exchange, routingKey: "", arguments: match)
        },
        FaceScenario("exchanges-are-bound-to-exchanges") { run in
            let (channel, queue) = try await run.queue()
            let (source, destination) = (run.uniqueName(), run.uniqueName())
            try await channel.exchangeDeclare(source, type: .fanout, autoDelete: true)
            try await channel.exchangeDeclare(destination, type: .fanout, autoDelete: true)
            try await channel.queueBind(queue, exchange: destination)
            try await channel.exchangeBind(destination: destination, source: source, routingKey: "")
            let consumer = try await channel.basicConsume(queue, autoAck: true)
            try await channel.publish("through two exchanges", to: "", exchange: source)
            let delivery = try await run.next(from: consumer)
            run.expectEqual(delivery.text, "through two exchanges", "text")
            run.expectEqual(delivery.exchange, source, "exchange")
            try await channel.exchangeUnbind(destination: destination, source: source, routingKey: "")
            try await channel.exchangeDelete(source)
        },
    ]

    private static func routing(
        _ name: String, _ type: ExchangeType, key: String, hits: [String], misses: [String]
    ) -> FaceScenario {
        FaceScenario(name) { run in
            let (channel, queue) = try await run.queue()
            let exchange = run.uniqueName()
            try await channel.exchangeDeclare(exchange, type: type, autoDelete: true)
            try await channel.queueBind(queue, exchange: exchange, routingKey: key)
            try await channel.confirmSelect()
            for key in misses + hits {
                let message = FaceMessage(key, exchange: exchange, routingKey: key, isMandatory: true)
                switch try await channel.publishConfirmed(message) {
                case .confirmed: run.expect(hits.contains(key), "\"\(key)\" was routed")
                case .returned: run.expect(misses.contains(key), "\"\(key)\" was not routed")
                case let outcome: run.fail("\"\(key)\": \(outcome)")
                }
            }
            let consumer = try await channel.basicConsume(queue, autoAck: true)
            run.expectEqual(try await run.texts(hits.count, from: consumer), hits, "messages")
        }
    }
}
