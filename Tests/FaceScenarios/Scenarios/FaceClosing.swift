import AMQPConnection
import AMQPProtocol

/// Closing channels and connections, and what can be done afterwards.
enum FaceClosing {
    static let all: [FaceScenario] = [
        FaceScenario("a-closed-channel-says-that-the-program-closed-it") { run in
            let connection = try await run.connect()
            let channel = try await connection.channel()
            try await channel.close(replyCode: 200, replyText: "enough")
            run.expect(try await channel.closed(), .channelClosedByClient, of: "the channel's end")
            run.expect(try await connection.facts().isOpen, "the connection suffered")
        },
        FaceScenario("a-closed-connection-says-that-the-program-closed-it") { run in
            let connection = try await run.connect()
            let channels = [try await connection.channel(), try await connection.channel()]
            try await connection.close(replyCode: 200, replyText: "enough")
            run.expect(try await connection.closed(), .connectionClosedByClient, of: "the connection's end")
            run.expect(!(try await connection.facts().isOpen), "still open")
            for channel in channels {
                let end = try await channel.closed()
                run.expect(
                    end.code == .channelClosedByClient || end.code == .connectionClosedByClient,
                    "the end of channel \(channel.number): \(end)")
            }
        },
        FaceScenario("closing-twice-is-refused-or-done-already") { run in
            let connection = try await run.connect()
            let channel = try await connection.channel()
            try await channel.close()
            do throws(AMQPError) { try await channel.close() } catch {
                run.expect(error, .channelWrongState, of: "the channel's second close")
            }
            try await connection.close()
            do throws(AMQPError) { try await connection.close() } catch {
                run.expect(error, .connectionWrongState, of: "the connection's second close")
            }
        },
        FaceScenario("publishes-before-close-are-not-lost") { run in
            let (reader, queue) = try await run.queue()
            let connection = try await run.connect()
            let channel = try await connection.channel()
            let texts = (0 ..< 200).map { "\($0)" }
            for text in texts { try await channel.publish(text, to: queue) }
            try await connection.close()
            let consumer = try await reader.basicConsume(queue, autoAck: true)
            run.expectEqual(try await run.texts(200, from: consumer), texts, "messages")
        },
        FaceScenario("every-call-on-a-closed-channel-is-refused") { run in
            let channel = try await run.channel()
            try await channel.close()
            let message = FaceMessage("x", routingKey: "y")
            let calls: [(String, @Sendable () async throws(AMQPError) -> Void)] = [
                ("exchangeDeclare", { () throws(AMQPError) in try await channel.exchangeDeclare("x") }),
                ("exchangeDelete", { () throws(AMQPError) in try await channel.exchangeDelete("x") }),
                (
                    "exchangeBind",
                    { () throws(AMQPError) in
                        try await channel.exchangeBind(destination: "x", source: "y", routingKey: "")
                    }
                ),
                ("queueDeclare", { () throws(AMQPError) in try await channel.queueDeclare() }),
                ("queueBind", { () throws(AMQPError) in try await channel.queueBind("x", exchange: "y") }),
                ("queuePurge", { () throws(AMQPError) in _ = try await channel.queuePurge("x") }),
                ("queueDelete", { () throws(AMQPError) in try await channel.queueDelete("x") }),
                ("publish", { () throws(AMQPError) in try await channel.publish(message) }),
                ("confirmSelect", { () throws(AMQPError) in try await channel.confirmSelect() }),
                ("txSelect", { () throws(AMQPError) in try await channel.txSelect() }),
                ("basicConsume", { () throws(AMQPError) in _ = try await channel.basicConsume("x") }),
                ("basicCancel", { () throws(AMQPError) in try await channel.basicCancel("x") }),
                ("basicGet", { () throws(AMQPError) in _ = try await channel.basicGet("x") }),
                ("basicQos", { () throws(AMQPError) in try await channel.basicQos(prefetchCount: 1) }),
                ("basicRecover", { () throws(AMQPError) in try await channel.basicRecover(requeue: true) }),
                ("flow", { () throws(AMQPError) in _ = try await channel.flow(active: true) }),
                ("accessRequest", { () throws(AMQPError) in _ = try await channel.accessRequest("/data") }),
            ]
            for (name, call) in calls { await run.expectFailure(.channelWrongState, of: name, call) }
        },
        FaceScenario("calls-behind-the-end-of-a-connection-are-refused") { run in
            let connection = try await run.connect()
            let channel = try await connection.channel()
            try await connection.close()
            await run.expectFailure(.connectionWrongState, of: "channel") { () throws(AMQPError) in
                try await connection.channel()
            }
            await run.expectFailure(.channelWrongState, of: "declare") { () throws(AMQPError) in
                try await channel.queueDeclare()
            }
            await run.expectFailure(.channelWrongState, of: "publish") { () throws(AMQPError) in
                try await channel.publish("x", to: "y")
            }
            await run.expectFailure(.connectionWrongState, of: "update-secret") { () throws(AMQPError) in
                try await connection.updateSecret("x", reason: "y")
            }
        },
        FaceScenario("a-connection-may-be-closed-while-its-channels-are-being-opened") { run in
            for _ in 1 ... 5 {
                let connection = try await run.connect()
                let opened = (1 ... 10).map { _ in
                    Task { () async -> Result<any FaceChannel, AMQPError> in
                        do throws(AMQPError) { return .success(try await connection.channel()) } catch {
                            return .failure(error)
                        }
                    }
                }
                try await connection.close()
                for task in opened {
                    switch await task.value {
                    case .success(let channel):
                        let end = try await channel.closed()
                        run.expect(end.unlessOwnDoing == nil, "the end of channel \(channel.number): \(end)")
                    case .failure(let error):
                        run.expect(
                            error.unlessOwnDoing == nil || error.code == .connectionWrongState, "a channel: \(error)")
                    }
                }
                run.expect(try await connection.closed(), .connectionClosedByClient, of: "the connection's end")
            }
        },
        FaceScenario("a-dropped-channel-disturbs-nobody") { run in
            let (reader, queue) = try await run.queue()
            let connection = try await run.connect()
            for text in ["1", "2", "3"] { try await connection.channel().publish(text, to: queue) }
            try await connection.channel().queueDeclare(exclusive: true)
            let consumer = try await reader.basicConsume(queue, autoAck: true)
            run.expectEqual(Set(try await run.texts(3, from: consumer)), ["1", "2", "3"], "messages")
        },
        FaceScenario("a-dropped-connection-is-closed-or-lives-on-as-its-face-says") { run in
            let queue = run.uniqueName()
            try await leaveBehind(queue, run)
            let connection = try await run.connect()
            if run.face.closesDroppedConnections {
                try await run.wait { () throws(AMQPError) in
                    try await status(of: queue, on: connection) == 404
                }
            } else {
                for _ in 1 ... 20 { run.expectEqual(try await status(of: queue, on: connection), 405, "status") }
            }
        },
    ]

    /// Opens a connection with an exclusive queue, and drops it.
    private static func leaveBehind(_ queue: String, _ run: FaceRun) async throws(AMQPError) {
        let connection = try await run.face.connect([run.parameters])
        try await connection.channel().queueDeclare(queue, exclusive: true)
    }

    /// How the broker refuses a look at an exclusive queue: 405 as long as its connection lives, 404 then.
    private static func status(
        of queue: String, on connection: any FaceConnection
    ) async throws(AMQPError) -> UInt16? {
        let channel = try await connection.channel()
        do throws(AMQPError) {
            try await channel.queueDeclare(queue, passive: true)
            return nil
        } catch {
            return error.replyCode
        }
    }
}
