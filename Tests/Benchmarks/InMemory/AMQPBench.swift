internal import AMQPAsync
internal import AMQPConnection
internal import AMQPProtocol
internal import Foundation

/// Measures the paths that every message takes, in memory: no socket, no system call, one thread.
///
/// Prints the CPU time of each message; `amqp-bench <name> [messages [runs]]` runs one case, for a profiler.
@main struct AMQPBench {
    static let bodySize = 100

    /// One path: takes the number of messages, returns the CPU nanoseconds that they took.
    typealias Case = (Int) throws -> Double

    static var cases: [(name: String, text: String, run: Case)] {
        [
            ("scan", "cut frames, three a delivery", scan),
            ("deliver", "delivery to a consumer's callback, auto-ack", { try deliver($0) { _, _ in } }),
            ("read", "the same, reading body, routing key and exchange", read),
            ("ack", "delivery to a callback that acknowledges", { try deliver($0) { $0.basicAck($1.tag) } }),
            ("for-await", "delivery to for await in an actor on the loop, auto-ack", forAwait),
            ("publish", "publish, 100 in a turn", { try publish($0) }),
            ("publisher", "the same, encoded once by a publisher", { try publish($0, encodedOnce: true) }),
            ("confirm", "publish in confirm mode, an ack for every 100", { try publish($0, confirmed: true) }),
            (
                "confirm-publisher", "the same, encoded once by a publisher",
                { try publish($0, confirmed: true, encodedOnce: true) }
            ),
        ]
    }

    static func main() throws {
        let arguments = CommandLine.arguments.dropFirst()
        let count = arguments.dropFirst().first.flatMap { Int($0) } ?? 1_000_000
        let runs = arguments.dropFirst(2).first.flatMap { Int($0) } ?? 9
        print("in memory, \(bodySize)-byte bodies: CPU ns a message, median of \(runs) runs (least … most)")
        for bench in cases where arguments.isEmpty || arguments.first == bench.name || arguments.first == "all" {
            let times = try (0 ..< runs).map { _ in try bench.run(count) / Double(count) }.sorted()
            let shown = [times[runs / 2], times[0], times[runs - 1]].map { String(format: "%.1f", $0) }
            print("\(bench.name): \(shown[0]) ns (\(shown[1]) … \(shown[2]))  \(bench.text)")
        }
    }

    /// The CPU time that the process has used, in nanoseconds.
    static func cpuTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }

    static func measure(_ work: () throws -> Void) rethrows -> Double {
        let start = cpuTime()
        try work()
        return cpuTime() - start
    }

    // MARK: Cases

    static let batch = 1000

    static func scan(_ count: Int) throws -> Double {
        let bytes = try encodedDeliveries(batch, bodySize: bodySize, consumerTag: "ctag1.bench")
        var decoder = FrameDecoder()
        var frames = 0
        let time = try measure {
            for _ in 0 ..< count / batch {
                var rest = bytes[...]
                while !rest.isEmpty {
                    decoder.withReceiveMemory { memory in
                        let piece = rest.prefix(memory.count)
                        piece.withUnsafeBytes { memory.copyMemory(from: $0) }
                        rest = rest.dropFirst(piece.count)
                        return piece.count
                    }
                    while try decoder.next() != nil { frames += 1 }
                }
            }
        }
        precondition(frames == count / batch * batch * 3)
        return time
    }

    /// Counts without the check of exclusive access that a captured variable costs.
    final class Counter {
        var value = 0
    }

    static func deliver(_ count: Int, _ onMessage: @escaping (Channel, Delivery) -> Void) throws -> Double {
        let session = try BenchSession()
        let received = Counter()
        session.channel?.basicConsume(
            "q", consumerTag: "ctag1.bench", autoAck: true,
            onMessage: { channel, delivery in
                received.value += 1
                onMessage(channel, delivery)
            })
        try session.receive(.basicConsumeOK(BasicConsumeOK(consumerTag: "ctag1.bench")), channel: 1)
        let bytes = try encodedDeliveries(batch, bodySize: bodySize, consumerTag: "ctag1.bench")
        let time = bytes.withUnsafeBytes { bytes in
            measure {
                for _ in 0 ..< count / batch {
                    session.transport.receive(bytes)
                    session.loop.endTurn()
                }
            }
        }
        precondition(received.value == count / batch * batch)
        return time
    }

    static func read(_ count: Int) throws -> Double {
        var sum = 0
        let time = try deliver(count) { _, delivery in
            sum &+= delivery.body.withUnsafeBytes { Int($0[50]) }
            sum &+= delivery.routingKey.utf8.count + delivery.exchange.utf8.count
        }
        precondition(sum > 0)
        return time
    }

    static func forAwait(_ count: Int) throws -> Double {
        let session = try BenchSession()
        guard let core = session.channel else { return .nan }
        let channel = AsyncChannel(core, on: AsyncConnection(session.connection))
        let reader = BenchReader(on: channel.connection.executor)
        let wanted = count / batch * batch
        // It starts on a thread of Swift's, and posts to the loop.
        Task { try await reader.read(wanted, from: channel) }
        while core.consumerTags.isEmpty {
            Thread.sleep(forTimeInterval: 0.01)
            session.loop.endTurn()
        }
        try session.receive(.basicConsumeOK(BasicConsumeOK(consumerTag: "ctag1.bench")), channel: 1)
        session.loop.endTurnsWhilePosted()
        let bytes = try encodedDeliveries(batch, bodySize: bodySize, consumerTag: "ctag1.bench")
        let time = bytes.withUnsafeBytes { bytes in
            measure {
                for _ in 0 ..< count / batch {
                    session.transport.receive(bytes)
                    session.loop.endTurn()
                    // The reader's steps.
                    session.loop.endTurnsWhilePosted()
                }
            }
        }
        precondition(reader.assumeIsolated { $0.count } == wanted)
        return time
    }

    static func publish(_ count: Int, confirmed: Bool = false, encodedOnce: Bool = false) throws -> Double {
        let session = try BenchSession()
        guard let channel = session.channel else { return .nan }
        if confirmed {
            channel.confirmSelect(completion: { _ in })
            try session.receive(.confirmSelectOK(ConfirmSelectOK()), channel: 1)
        }
        let body = ByteSlice(Array(repeating: UInt8(ascii: "x"), count: bodySize))
        let properties = MessageProperties.persistent
        let publisher = try channel.publisher(
            exchange: "amq.topic", routingKey: "bench.message", properties: properties)
        var sequence: UInt64 = 0
        return try measure {
            for _ in 0 ..< count / 100 {
                for _ in 0 ..< 100 {
                    let number =
                        encodedOnce
                        ? try publisher.publish(body)
                        : try channel.basicPublish(
                            body, exchange: "amq.topic", routingKey: "bench.message", properties: properties)
                    sequence = number ?? 0
                }
                session.loop.endTurn()
                if confirmed {
                    try session.receive(.basicAck(BasicAck(deliveryTag: sequence, multiple: true)), channel: 1)
                }
            }
        }
    }
}
