import AMQPConnection
import AdapterKit

/// Opening connections and channels.
enum FaceOpening {
    static let all: [FaceScenario] = connections + failures + hosts + channels

    private static let connections: [FaceScenario] = [
        FaceScenario("opens-a-connection") { run in
            let facts = try await run.connect().facts()
            run.expect(facts.isOpen, "the connection is not open")
            run.expectEqual(facts.tuned?.frameMax, 131_072, "frame-max")
            run.expectEqual(facts.tuned?.channelMax, 2047, "channel-max")
        },
        FaceScenario("the-broker-says-what-it-can-do") { run in
            let properties = try await run.connect().facts().serverProperties
            run.expectEqual(properties["product"], "RabbitMQ", "product")
            guard case .table(let capabilities)? = properties["capabilities"] else {
                return run.fail("no capabilities")
            }
            for name in ["publisher_confirms", "exchange_exchange_bindings", "basic.nack", "consumer_cancel_notify"] {
                run.expectEqual(capabilities[name], true, name)
            }
        },
        FaceScenario("amqplain-logs-in") { run in
            var parameters = run.parameters
            parameters.credentials = AMQPlainCredentials()
            run.expect(try await run.connect(parameters).facts().isOpen, "not open")
        },
        FaceScenario("a-lower-channel-max-is-agreed-on") { run in
            var parameters = run.parameters
            parameters.channelMax = 7
            let connection = try await run.connect(parameters)
            run.expectEqual(try await connection.facts().tuned?.channelMax, 7, "channel-max")
            await run.expectFailure(.invalidArgument, of: "channel 8") { () throws(AMQPError) in
                try await connection.channel(number: 8)
            }
        },
        FaceScenario("several-connections-live-side-by-side") { run in
            var channels: [any FaceChannel] = []
            for _ in 1 ... 3 { channels.append(try await run.channel()) }
            for channel in channels { try await channel.queueDeclare(exclusive: true) }
        },
        FaceScenario("a-session-in-single-bytes-is-like-any-other") { run in
            let (proxy, parameters) = try run.proxy(toServer: .pieces(of: 1), toClient: .pieces(of: 1))
            run.keep(proxy)
            let channel = try await run.connect(parameters).channel()
            let queue = try await channel.queueDeclare(exclusive: true).queue
            try await channel.publish("in pieces", to: queue)
            let consumer = try await channel.basicConsume(queue, autoAck: true)
            run.expectEqual(try await run.next(from: consumer).text, "in pieces", "text")
        },
    ]

    private static let failures: [FaceScenario] = [
        FaceScenario("a-wrong-password-is-refused-with-403") { run in
            var parameters = run.parameters
            parameters.credentials = PlainCredentials(username: "guest", password: "wrong")
            let error = await run.expectFailure(.authenticationRefused, 403, of: "connect") { () throws(AMQPError) in
                try await run.connect(parameters)
            }
            run.expect(!"\(error as Any)".contains("wrong"), "the error shows the password")
        },
        FaceScenario("an-unknown-virtual-host-is-refused-with-530") { run in
            var parameters = run.parameters
            parameters.virtualHost = "nowhere"
            await run.expectFailure(.virtualHostRefused, 530, .connectionOpen, of: "connect") { () throws(AMQPError) in
                try await run.connect(parameters)
            }
        },
        FaceScenario("a-refused-port-is-a-failed-connect") { run in
            var parameters = run.parameters
            parameters.port = 1
            await run.expectFailure(.connectFailed, of: "connect") { () throws(AMQPError) in
                try await run.connect(parameters)
            }
        },
        FaceScenario("an-unresolvable-host-is-a-failed-resolution") { run in
            var parameters = run.parameters
            parameters.host = "host.invalid"
            await run.expectFailure(.resolutionFailed, of: "connect") { () throws(AMQPError) in
                try await run.connect(parameters)
            }
        },
        FaceScenario("a-silent-broker-ends-with-the-stack-timeout") { run in
            var (proxy, parameters) = try run.proxy(toClient: .stall(after: 0))
            parameters.stackTimeout = .milliseconds(200)
            let begin = ContinuousClock.now
            await run.expectFailure(.deadlineExceeded, of: "connect") { [parameters] () throws(AMQPError) in
                try await run.connect(parameters)
            }
            run.expect(begin.duration(to: .now) >= .milliseconds(200), "it ended early")
            proxy.close()
        },
        FaceScenario("a-broker-that-hangs-up-says-what-it-may-mean") { run in
            let (proxy, parameters) = try run.proxy(toClient: .cut(after: 4))
            await run.expectFailure(.incompatibleProtocol, of: "connect") { () throws(AMQPError) in
                try await run.connect(parameters)
            }
            proxy.close()
        },
        FaceScenario("parameters-out-of-range-never-reach-the-broker") { run in
            var parameters = run.parameters
            parameters.frameMax = 100
            await run.expectFailure(.invalidArgument, of: "connect") { [parameters] () throws(AMQPError) in
                try await run.connect(parameters)
            }
        },
    ]

    private static let hosts: [FaceScenario] = [
        FaceScenario("behind-hosts-that-fail-the-next-one-is-tried") { run in
            var refused = run.parameters
            refused.port = 1
            var unknown = run.parameters
            unknown.host = "host.invalid"
            let facts = try await run.connect([refused, unknown, run.parameters]).facts()
            run.expect(facts.isOpen, "not open")
            run.expectEqual(facts.port, run.parameters.port, "port")
        },
        FaceScenario("when-every-host-fails-each-failure-is-listed-in-order") { run in
            var refused = run.parameters
            refused.port = 1
            var forbidden = run.parameters
            forbidden.credentials = PlainCredentials(password: "wrong")
            let error = await run.expectFailure(.authenticationRefused, 403, of: "connect") {
                [refused, forbidden] () throws(AMQPError) in
                try await run.connect([refused, forbidden])
            }
            run.expectEqual(
                error?.connectionFailures.map(\.cause.code), [.connectFailed, .authenticationRefused], "failures")
        },
        FaceScenario("each-attempt-that-fails-is-listed") { run in
            var parameters = run.parameters
            parameters.port = 1
            parameters.connectionAttempts = 3
            parameters.retryDelay = .milliseconds(20)
            let error = await run.expectFailure(.connectFailed, of: "connect") { [parameters] () throws(AMQPError) in
                try await run.connect(parameters)
            }
            run.expectEqual(error?.connectionFailures.map(\.attempt), [1, 2, 3], "attempts")
        },
    ]

    private static let channels: [FaceScenario] = [
        FaceScenario("channels-get-the-lowest-free-number") { run in
            let connection = try await run.connect()
            let first = try await connection.channel()
            let second = try await connection.channel()
            run.expectEqual([first.number, second.number], [1, 2], "numbers")
            try await first.close()
            run.expectEqual(try await connection.channel().number, 1, "a freed number is used again")
        },
        FaceScenario("an-explicit-channel-number-in-use-is-refused") { run in
            let connection = try await run.connect()
            let channel = try await connection.channel(number: 7)
            run.expectEqual(channel.number, 7, "number")
            await run.expectFailure(.channelNumberInUse, of: "channel 7 again") { () throws(AMQPError) in
                try await connection.channel(number: 7)
            }
            try await channel.queueDeclare(exclusive: true)
        },
        FaceScenario("too-many-channels-are-refused") { run in
            var parameters = run.parameters
            parameters.channelMax = 3
            let connection = try await run.connect(parameters)
            var channels: [any FaceChannel] = []
            for _ in 1 ... 3 { channels.append(try await connection.channel()) }
            await run.expectFailure(.noFreeChannels, of: "the fourth channel") { () throws(AMQPError) in
                try await connection.channel()
            }
            for channel in channels { try await channel.queueDeclare(exclusive: true) }
        },
    ]
}
