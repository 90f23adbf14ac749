import AMQPConnection
import AdapterKit

/// What is not answered in time, and what keeps an idle connection alive.
enum FaceDeadlines {
    static let all: [FaceScenario] = [
        FaceScenario("an-idle-connection-lives-on-heartbeats") { run in
            var parameters = run.parameters
            parameters.heartbeat = 2
            let connection = try await run.connect(parameters)
            let channel = try await connection.channel()
            // The broker gives a client up that was silent for two intervals; this is the time that passes.
            try await Task.sleep(for: .milliseconds(6500))
            run.expect(try await connection.facts().isOpen, "the connection is over")
            try await channel.queueDeclare(exclusive: true)
        },
        FaceScenario("a-late-answer-is-nobody-else's") { run in
            var (proxy, parameters) = try run.proxy()
            run.keep(proxy)
            parameters.requestTimeout = .milliseconds(200)
            let channel = try await run.connect(parameters).channel()
            proxy.stall(toServer: false, toClient: true)
            await run.expectFailure(.deadlineExceeded, of: "the first declare") { () throws(AMQPError) in
                try await channel.queueDeclare(exclusive: true)
            }
            proxy.stall(toServer: false, toClient: false)
            let queue = run.uniqueName()
            var answer: String?
            // The answers that come late are taken for the request that nobody waits for any more.
            try await run.wait { () throws(AMQPError) in
                do throws(AMQPError) {
                    answer = try await channel.queueDeclare(queue, exclusive: true).queue
                    return true
                } catch {
                    run.expect(error, .deadlineExceeded, of: "a declare on a slow machine")
                    return false
                }
            }
            run.expectEqual(answer, queue, "the second declare's answer")
        },
        FaceScenario("opening-a-channel-that-is-not-answered-ends-in-time") { run in
            var (proxy, parameters) = try run.proxy()
            parameters.requestTimeout = .milliseconds(200)
            let connection = try await run.connect(parameters)
            proxy.stall(toServer: false, toClient: true)
            await run.expectFailure(.deadlineExceeded, of: "channel") { () throws(AMQPError) in
                try await connection.channel()
            }
            run.expect(try await connection.facts().isOpen, "the connection suffered")
            proxy.close()
            run.expect(try await connection.closed(), .streamLost, of: "the connection's end")
        },
        FaceScenario("a-publish-that-is-not-read-does-not-hold-up-the-end") { run in
            let (proxy, parameters) = try run.proxy()
            let connection = try await run.connect(parameters)
            let channel = try await connection.channel()
            proxy.stall(toServer: true, toClient: false)
            let body = [UInt8](repeating: 1, count: 8_000_000)
            async let publish: Void = channel.publish(FaceMessage(body, routingKey: "nowhere"))
            proxy.close()
            run.expect(try await connection.closed(), .streamLost, of: "the connection's end")
            do {
                // A face that waits until the bytes have left hears that they have not.
                try await publish
            } catch let error as AMQPError {
                run.expect(
                    [.streamLost, .channelWrongState].contains(error.code), "the publish ended with \(error)")
            }
        },
    ]
}
