import AMQPConnection
import AMQPProtocol
import AdapterKit
import BrokerSupport

/// What ends a whole connection: errors of its own, and the loss of the stream.
enum FaceConnectionErrors {
    static let all: [FaceScenario] = [
        ends("an-unknown-exchange-type", 503, .exchangeDeclare) { run, channel throws(AMQPError) in
            try await channel.exchangeDeclare(run.uniqueName(), type: "square", autoDelete: true)
        },
        ends("a-prefetch-size", 540, .basicQos) { _, channel throws(AMQPError) in
            try await channel.basicQos(prefetchSize: 1, prefetchCount: 0, global: false)
        },
        ends("stopping-the-flow", 540, .channelFlow) { _, channel throws(AMQPError) in
            _ = try await channel.flow(active: false)
        },
        FaceScenario("a-lost-stream-ends-connection-and-channels-and-what-waits") { run in
            let (proxy, parameters) = try run.proxy()
            let connection = try await run.connect(parameters)
            let channel = try await connection.channel()
            let queue = try await channel.queueDeclare(exclusive: true).queue
            let consumer = try await channel.basicConsume(queue)
            proxy.close()
            run.expect(try await connection.closed(), .streamLost, of: "the connection's end")
            run.expect(try await channel.closed(), .streamLost, of: "the channel's end")
            await run.expectFailure(.streamLost, of: "the consumer") { () throws(AMQPError) in
                try await consumer.deliveries.next()
            }
        },
        FaceScenario("a-publish-is-lost-with-the-stream-that-breaks-in-its-middle") { run in
            let (proxy, parameters) = try run.proxy(toServer: .cut(after: 100_000))
            run.keep(proxy)
            let connection = try await run.connect(parameters)
            let channel = try await connection.channel()
            let queue = try await channel.queueDeclare(exclusive: true).queue
            try await channel.confirmSelect()
            let message = FaceMessage([UInt8](repeating: 1, count: 200_000), routingKey: queue)
            guard case .lost(let error) = try await channel.publishConfirmed(message) else {
                return run.fail("it was not lost")
            }
            run.expect(error, .streamLost, of: "outcome")
            run.expect(try await connection.closed(), .streamLost, of: "the connection's end")
        },
        FaceScenario("an-alarm-that-stays-ends-the-connection-when-the-parameters-say-so") { run in
            var (proxy, parameters) = try run.proxy()
            run.keep(proxy)
            parameters.blockedConnectionTimeout = .milliseconds(200)
            let connection = try await run.connect(parameters)
            let channel = try await connection.channel()
            let blockings = try await connection.blockings()
            // One that goes in time ends nothing.
            proxy.inject(toClient: try FaceRareMethods.frame(.connectionBlocked(ConnectionBlocked(reason: "disk"))))
            proxy.inject(toClient: try FaceRareMethods.frame(.connectionUnblocked(ConnectionUnblocked())))
            run.expectEqual(try await blockings.next(), "disk", "reason")
            run.expectEqual(try await blockings.next(), .some(nil), "release")
            proxy.inject(toClient: try FaceRareMethods.frame(.connectionBlocked(ConnectionBlocked(reason: "memory"))))
            run.expect(try await connection.closed(), .connectionBlockedTimeout, of: "the connection's end")
            run.expect(try await channel.closed(), .connectionBlockedTimeout, of: "the channel's end")
        },
        // The operator's tool starts a virtual machine of its own, twice: seconds on a busy machine.
        FaceScenario("an-operator's-close-is-320-on-connection-and-channels", limit: .seconds(180)) { run in
            var parameters = run.parameters
            let name = run.uniqueName("operator's-victim")
            parameters.connectionName = name
            let connection = try await run.connect(parameters)
            let channel = try await connection.channel()
            let consumer = try await channel.basicConsume(try await channel.queueDeclare(exclusive: true).queue)
            try await onOwnThread {
                let text = try TestBroker.command(["ctl", "-q", "list_connections", "pid", "client_properties"])
                for line in text.split(separator: "\n") where line.contains(name) {
                    try TestBroker.command([
                        "ctl", "close_connection", String(line.prefix { $0 != "\t" }), "maintenance",
                    ])
                }
            }
            run.expect(try await connection.closed(), .connectionClosedByBroker, 320, of: "the connection's end")
            run.expect(try await channel.closed(), .connectionClosedByBroker, 320, of: "the channel's end")
            await run.expectFailure(.connectionClosedByBroker, 320, of: "the consumer") { () throws(AMQPError) in
                try await consumer.deliveries.next()
            }
        },
        FaceScenario("a-broker-that-is-not-heard-is-given-up") { run in
            var (proxy, parameters) = try run.proxy()
            run.keep(proxy)
            parameters.heartbeat = 1
            let connection = try await run.connect(parameters)
            let channel = try await connection.channel()
            let consumer = try await channel.basicConsume(try await channel.queueDeclare(exclusive: true).queue)
            proxy.stall(toServer: false, toClient: true)
            await run.expectFailure(.heartbeatTimeout, of: "the consumer") { () throws(AMQPError) in
                try await consumer.deliveries.next()
            }
            run.expect(try await channel.closed(), .heartbeatTimeout, of: "the channel's end")
            run.expect(try await connection.closed(), .heartbeatTimeout, of: "the connection's end")
        },
    ]

    /// A call is refused with a code that ends the connection, and with it all channels.
    private static func ends(
        _ what: String, _ replyCode: UInt16, _ method: MethodID,
        _ call: @escaping @Sendable (FaceRun, any FaceChannel) async throws(AMQPError) -> Void
    ) -> FaceScenario {
        FaceScenario("\(what)-is-\(replyCode)-on-the-connection") { run in
            let connection = try await run.connect()
            let other = try await connection.channel()
            let consumer = try await other.basicConsume(try await other.queueDeclare(exclusive: true).queue)
            let channel = try await connection.channel()
            await run.expectFailure(.connectionClosedByBroker, replyCode, method, of: what) { () throws(AMQPError) in
                try await call(run, channel)
            }
            run.expect(
                try await connection.closed(), .connectionClosedByBroker, replyCode, method, of: "the connection's end")
            run.expect(try await other.closed(), .connectionClosedByBroker, replyCode, method, of: "the channel's end")
            await run.expectFailure(.connectionClosedByBroker, replyCode, of: "the consumer") { () throws(AMQPError) in
                try await consumer.deliveries.next()
            }
            await run.expectFailure(.connectionWrongState, of: "another channel") { () throws(AMQPError) in
                try await connection.channel()
            }
            await run.expectFailure(.channelWrongState, replyCode, of: "another call") { () throws(AMQPError) in
                try await other.queueDeclare(exclusive: true)
            }
        }
    }
}
