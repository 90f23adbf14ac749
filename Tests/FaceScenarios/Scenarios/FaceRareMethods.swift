import AMQPConnection
import AMQPProtocol
import AdapterKit

/// Methods that are rarely used, and what the broker says by itself.
enum FaceRareMethods {
    static let all: [FaceScenario] = [
        FaceScenario("update-secret-is-answered") { run in
            let connection = try await run.connect()
            try await connection.updateSecret("guest", reason: "a test")
            try await connection.channel().queueDeclare(exclusive: true)
        },
        FaceScenario("letting-the-flow-go-on-is-answered") { run in
            run.expect(try await run.channel().flow(active: true), "not active")
        },
        FaceScenario("access-request-gives-ticket-1") { run in
            run.expectEqual(try await run.channel().accessRequest("/data"), 1, "ticket")
        },
        FaceScenario("confirm-mode-may-be-asked-for-twice") { run in
            let (channel, queue) = try await run.queue()
            try await run.publishConfirmed(["1"], to: queue, on: channel)
            try await run.publishConfirmed(["2"], to: queue, on: channel)
            run.expectEqual(try await channel.basicGet(queue)?.text, "1", "text")
            run.expectEqual(try await channel.basicGet(queue)?.text, "2", "text")
        },
        FaceScenario("transaction-mode-may-be-asked-for-twice") { run in
            let channel = try await run.channel()
            try await channel.txSelect()
            try await channel.txSelect()
            try await channel.txRollback()
        },
        FaceScenario("a-blocked-connection-is-told-and-so-is-its-release") { run in
            let (proxy, parameters) = try run.proxy()
            run.keep(proxy)
            let connection = try await run.connect(parameters)
            let blockings = try await connection.blockings()
            proxy.inject(toClient: try frame(.connectionBlocked(ConnectionBlocked(reason: "low on memory"))))
            run.expectEqual(try await blockings.next(), "low on memory", "reason")
            proxy.inject(toClient: try frame(.connectionUnblocked(ConnectionUnblocked())))
            run.expectEqual(try await blockings.next(), .some(nil), "release")
            try await connection.channel().queueDeclare(exclusive: true)
        },
    ]

    /// The bytes of one of the connection's methods.
    static func frame(_ method: Method) throws -> [UInt8] {
        var output = OutputBuffer()
        try output.append(method, channel: 0, frameMax: 4096)
        var bytes: [UInt8] = []
        output.takeAll { bytes += $0 }
        return bytes
    }
}
