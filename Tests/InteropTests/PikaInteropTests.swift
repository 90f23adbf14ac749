import AMQPConnection
import AMQPProtocol
import AMQPSelect
import BrokerSupport
import Foundation
import Testing

/// Messages between Pika and this library, through a real broker, in both directions.
///
/// The corpus holds all 14 properties, alone, together and each left out; every header type that Pika can send with the
/// ends of its range, and the tags that it only reads; bodies of 0, 1, frame_max - 8, frame_max - 7 and 1,048,576 bytes.
@Suite("Interoperability with Pika", .timeLimit(.minutes(3)))
struct PikaInteropTests {
    @Test("every message that Pika publishes arrives here equal")
    func fromPika() async throws {
        let (mismatches, count) = try await onOwnThread { () throws -> ([String], Int) in
            let pika = try PikaPeer()
            let corpus = try pika.corpus()
            let queue = try declareQueue()
            try pika.publish(to: queue)
            let received = try consume(corpus.count, from: queue)
            let mismatches = zip(corpus, received).compactMap { expected, delivery in
                difference(expected, delivery)
            }
            return (mismatches, received.count)
        }
        #expect(mismatches == [])
        #expect(count >= 90)
    }

    @Test("every message published here arrives in Pika equal")
    func toPika() async throws {
        let (sent, received) = try await onOwnThread { () throws -> ([String], [String]) in
            let pika = try PikaPeer()
            let corpus = try pika.corpus()
            let queue = try declareQueue()
            try publish(corpus, to: queue)
            return (corpus.map(\.line), try pika.consume(corpus.count, from: queue))
        }
        let mismatches = zip(sent, received).filter { $0 != $1 }.map { "\($0.prefix(300)) came as \($1.prefix(300))" }
        #expect(mismatches == [])
        #expect(received.count == sent.count)
        #expect(received.count >= 90)
    }

    @Test("what Pika published and we forward arrives in Pika equal, tag for tag")
    func throughHere() async throws {
        let (sent, received) = try await onOwnThread { () throws -> ([String], [String]) in
            let pika = try PikaPeer()
            let corpus = try pika.corpus()
            let (inbound, outbound) = (try declareQueue(), try declareQueue())
            try pika.publish(to: inbound)
            try forward(corpus.count, from: inbound, to: outbound)
            return (corpus.map(\.line), try pika.consume(corpus.count, from: outbound))
        }
        let mismatches = zip(sent, received).filter { $0 != $1 }.map { "\($0.prefix(300)) came as \($1.prefix(300))" }
        #expect(mismatches == [])
        #expect(received.count == sent.count)
    }
}

/// How a delivery differs from what was published; `nil` if it does not.
private func difference(_ expected: CorpusMessage, _ delivery: Delivery) -> String? {
    do {
        let properties = try delivery.properties
        guard properties == expected.properties else {
            return "\(expected.about): \(expected.properties) came as \(properties)"
        }
    } catch {
        return "\(expected.about): \(error)"
    }
    guard Array(delivery.body) == expected.body else {
        return "\(expected.about): another body, of \(delivery.body.count) bytes instead of \(expected.bodySize)"
    }
    return nil
}

private func channelRun() throws -> ChannelRun {
    ChannelRun(try TestBroker.parameters(), on: SelectLoop())
}

/// Declares a queue of a new name that the broker removes when nobody has used it for two minutes.
private func declareQueue() throws -> String {
    try channelRun().run { channel, finish in
        channel.queueDeclare("interop-\(UUID().uuidString)", arguments: ["x-expires": 120_000]) { result in
            finish(result.map(\.queue).mapError { $0 })
        }
    }
}

private func consume(_ count: Int, from queue: String) throws -> [Delivery] {
    try channelRun().run { channel, finish in
        var received: [Delivery] = []
        channel.basicConsume(queue) { channel, delivery in
            channel.basicAck(delivery.tag)
            received.append(delivery)
            if received.count == count { finish(.success(received)) }
        }
    }
}

private func publish(_ messages: [CorpusMessage], to queue: String) throws {
    let _: Void = try channelRun().run { channel, finish in
        var open = messages.count
        func publishAll() throws {
            for message in messages {
                try channel.basicPublish(
                    message.body, routingKey: queue, properties: message.properties, mandatory: true
                ) { outcome in
                    guard case .confirmed = outcome else {
                        return finish(.failure(UnexpectedOutcome(about: message.about, outcome: outcome)))
                    }
                    open -= 1
                    if open == 0 { finish(.success(())) }
                }
            }
        }
        channel.confirmSelect(completion: { result in
            do {
                _ = try result.get()
                try publishAll()
            } catch {
                finish(.failure(error))
            }
        })
    }
}

/// Publishes what comes in again, decoded and encoded, and acknowledges it when that is confirmed.
private func forward(_ count: Int, from inbound: String, to outbound: String) throws {
    let _: Void = try channelRun().run { channel, finish in
        var open = count
        func forward(_ delivery: Delivery) throws {
            try channel.basicPublish(
                delivery.body, routingKey: outbound, properties: delivery.properties, mandatory: true
            ) { outcome in
                guard case .confirmed = outcome else {
                    return finish(.failure(UnexpectedOutcome(about: "\(delivery)", outcome: outcome)))
                }
                channel.basicAck(delivery.tag)
                open -= 1
                if open == 0 { finish(.success(())) }
            }
        }
        channel.confirmSelect(completion: { result in
            if case .failure(let error) = result { return finish(.failure(error)) }
            channel.basicConsume(inbound) { _, delivery in
                do { try forward(delivery) } catch { finish(.failure(error)) }
            }
        })
    }
}

private struct UnexpectedOutcome: Error, CustomStringConvertible {
    let about: String
    let outcome: PublishOutcome
    var description: String { "\(about): \(outcome)" }
}
