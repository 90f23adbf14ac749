import AMQPAsync
import AMQPConnection
import AdapterKit
import BrokerSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct ConnectCancellationTests {
    @Test(arguments: ["connection.start-ok", "connection.open"])
    func `a task that is cancelled gives up the connection that it opens`(stage: String) async throws {
        // The broker says no more from there on.
        let isReached = Guarded(false)
        let script = BrokerScript { _, received in
            guard "\(received.method.id)" == stage else { return false }
            isReached.withLock { $0 = true }
            return true
        }
        let server = try BrokerServer(script)
        defer { server.close() }
        var parameters = ConnectionParameters(host: "127.0.0.1", port: server.port)
        parameters.stackTimeout = nil
        let task = Task { [parameters] in try await AMQP.connect(parameters) }
        try await waitUntil("the broker is at \(stage)") { isReached.withLock { $0 } }
        task.cancel()
        await #expect { try await task.value } throws: { ($0 as? AMQPError)?.code == .cancelled }
        try await waitUntil("the stream is closed") { server.record.endCount == 1 }
        #expect(server.record.streamCount == 1)
    }

    @Test func `a task that was cancelled before connects to nobody`() async throws {
        let server = try BrokerServer(BrokerScript())
        defer { server.close() }
        let parameters = ConnectionParameters(host: "127.0.0.1", port: server.port)
        let isCancelled = Guarded(false)
        let task = Task {
            try await waitUntil("it was cancelled") { isCancelled.withLock { $0 } }
            _ = try await AMQP.connect(parameters)
        }
        task.cancel()
        isCancelled.withLock { $0 = true }
        await #expect(throws: (any Error).self) { try await task.value }
        #expect(server.record.streamCount == 0)
    }
}
