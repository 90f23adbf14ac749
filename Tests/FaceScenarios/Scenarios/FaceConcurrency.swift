import AMQPConnection
import AMQPProtocol

/// Many calls at once: each gets its own answer.
enum FaceConcurrency {
    static let all: [FaceScenario] = [
        FaceScenario("a-hundred-requests-at-once-get-their-own-answers") { run in
            let channel = try await run.channel()
            let names = (0 ..< 100).map { "\(run.uniqueName()).\($0)" }
            let answers = try await together(names) { name throws(AMQPError) in
                try await channel.queueDeclare(name, exclusive: true).queue
            }
            run.expectEqual(answers, names, "answers")
        },
        FaceScenario("channels-that-are-opened-at-once-are-different") { run in
            let connection = try await run.connect()
            let channels = try await together(Array(1 ... 20)) { _ throws(AMQPError) in
                try await connection.channel()
            }
            run.expectEqual(Set(channels.map(\.number)), Set(1 ... 20), "numbers")
            let queues = try await together(channels) { channel throws(AMQPError) in
                try await channel.queueDeclare(exclusive: true).queue
            }
            run.expectEqual(Set(queues).count, 20, "queues")
        },
        FaceScenario("gets-at-once-take-each-message-once") { run in
            let (channel, queue) = try await run.queue()
            for index in 0 ..< 30 { try await channel.publish("\(index)", to: queue) }
            let texts = try await together(Array(0 ..< 40)) { _ throws(AMQPError) in
                try await channel.basicGet(queue)?.text
            }
            run.expectEqual(texts.compactMap { $0 }.count, 30, "messages")
            run.expectEqual(Set(texts.compactMap { $0 }).count, 30, "different messages")
        },
        FaceScenario("publishes-of-many-tasks-arrive-once-each") { run in
            let (channel, queue) = try await run.queue()
            let consumer = try await channel.basicConsume(queue, autoAck: true)
            let texts = (0 ..< 100).map { "\($0)" }
            _ = try await together(texts) { text throws(AMQPError) in try await channel.publish(text, to: queue) }
            run.expectEqual(Set(try await run.texts(100, from: consumer)), Set(texts), "messages")
        },
        FaceScenario("a-channel-error-completes-everything-that-waits") { run in
            let connection = try await run.connect()
            let channel = try await connection.channel()
            let missing = run.uniqueName("missing")
            let codes = await withTaskGroup(of: UInt16?.self) { group in
                for _ in 0 ..< 10 {
                    group.addTask {
                        do throws(AMQPError) {
                            try await channel.queueDeclare(missing, passive: true)
                            return nil
                        } catch {
                            return error.replyCode
                        }
                    }
                }
                return await group.reduce(into: [UInt16?]()) { $0.append($1) }
            }
            run.expectEqual(codes, Array(repeating: 404, count: 10), "reply codes")
            run.expect(try await connection.facts().isOpen, "the connection suffered")
        },
        FaceScenario("closing-while-requests-wait-answers-them-all") { run in
            let connection = try await run.connect()
            let channel = try await connection.channel()
            async let first: Bool = settles { () throws(AMQPError) in try await channel.queueDeclare(exclusive: true) }
            async let second: Bool = settles { () throws(AMQPError) in try await channel.basicQos(prefetchCount: 1) }
            async let third: Bool = settles { () throws(AMQPError) in try await connection.channel() }
            try await connection.close()
            let outcomes = await [first, second, third]
            run.expectEqual(outcomes, [true, true, true], "settled in an expected way")
        },
    ]

    /// Whether a call that a close may overtake is answered, or refused or ended by the close.
    private static func settles<Value>(_ call: () async throws(AMQPError) -> Value) async -> Bool {
        do throws(AMQPError) {
            _ = try await call()
            return true
        } catch {
            let codes: [AMQPError.Code] = [
                .channelWrongState, .connectionWrongState, .channelClosedByClient, .connectionClosedByClient,
            ]
            return codes.contains(error.code)
        }
    }

    /// Makes calls at once, and gives their answers in order.
    private static func together<Input: Sendable, Output: Sendable>(
        _ inputs: [Input], _ call: @escaping @Sendable (Input) async throws(AMQPError) -> Output
    ) async throws(AMQPError) -> [Output] {
        typealias Numbered = (index: Int, result: Result<Output, AMQPError>)
        let results = await withTaskGroup(of: Numbered.self) { group in
            for (index, input) in inputs.enumerated() {
                group.addTask {
                    do throws(AMQPError) {
                        return (index, .success(try await call(input)))
                    } catch {
                        return (index, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [Numbered]()) { $0.append($1) }
        }
        return try results.sorted { $0.index < $1.index }.map { numbered throws(AMQPError) in
            try numbered.result.get()
        }
    }
}
