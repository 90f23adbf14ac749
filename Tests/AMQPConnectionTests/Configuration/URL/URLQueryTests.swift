import AMQPConnection
import Testing

@testable import AMQPConnection

@Suite struct URLQueryTests {
    /// A key, values with what they lead to, and values that are refused.
    struct KeyCase: Sendable {
        var key: String
        var accepted: [(String, @Sendable (ConnectionParameters) -> Bool)]
        var refused: [String]
    }

    static let keys: [KeyCase] = [
        KeyCase(
            key: "channel_max",
            accepted: [("1", { $0.channelMax == 1 }), ("65535", { $0.channelMax == 65535 })],
            refused: ["0", "65536", "-1", "+1", "1.0", "0x10", "1e3", "x", "%201", "99999999999999999999"]),
        KeyCase(
            key: "frame_max",
            accepted: [
                ("4096", { $0.frameMax == 4096 }), ("131072", { $0.frameMax == 131_072 }),
                ("2147483647", { $0.frameMax == 2_147_483_647 }),
            ],
            refused: ["0", "4095", "2147483648", "-4096"]),
        KeyCase(
            key: "heartbeat",
            accepted: [
                ("0", { $0.heartbeat?.interval(for: 60) == 0 }), ("10", { $0.heartbeat?.interval(for: 60) == 10 }),
                ("65535", { $0.heartbeat?.interval(for: 60) == 65535 }),
            ],
            refused: ["70000", "65536", "-1", "5.5", "none"]),
        KeyCase(
            key: "socket_timeout",
            accepted: [
                ("1", { $0.socketTimeout == .seconds(1) }), ("0.25", { $0.socketTimeout == .milliseconds(250) }),
                ("10.0", { $0.socketTimeout == .seconds(10) }), ("none", { $0.socketTimeout == nil }),
                ("0.000000000000000001", { $0.socketTimeout?.components.attoseconds == 1 }),
            ],
            refused: ["0", "0.0", "-1", "1e3", "1.", ".5", "1.2.3", "None", "inf", "0.0000000000000000001", "1,5"]),
        KeyCase(
            key: "stack_timeout",
            accepted: [
                ("30.5", { $0.stackTimeout == .milliseconds(30500) }), ("none", { $0.stackTimeout == nil }),
                ("9223372036854775807", { $0.stackTimeout == .seconds(Int64.max) }),
            ],
            refused: ["0", "-1", "nan", "9223372036854775808"]),
        KeyCase(
            key: "connection_attempts",
            accepted: [("1", { $0.connectionAttempts == 1 }), ("1000000", { $0.connectionAttempts == 1_000_000 })],
            refused: ["0", "-1", "1.5", "none"]),
        KeyCase(
            key: "retry_delay",
            accepted: [("0", { $0.retryDelay == .zero }), ("2.5", { $0.retryDelay == .milliseconds(2500) })],
            refused: ["-1", "none", "1e1"]),
        KeyCase(
            key: "resolve_timeout",
            accepted: [("0.5", { $0.resolveTimeout == .milliseconds(500) }), ("none", { $0.resolveTimeout == nil })],
            refused: ["0", "-1"]),
        KeyCase(
            key: "address_order",
            accepted: [("raced", { $0.addressOrder == .raced }), ("sequential", { $0.addressOrder == .sequential })],
            refused: ["Raced", "1", "t"]),
        KeyCase(
            key: "connection_timeout",
            accepted: [("1500", { $0.socketTimeout == .milliseconds(1500) })],
            refused: ["0", "1.5", "infinity", "1&socket_timeout=1"]),
        KeyCase(
            key: "locale",
            accepted: [("de_DE", { $0.locale == "de_DE" }), ("a+b%2Bc", { $0.locale == "a b+c" })],
            refused: [String(repeating: "l", count: 256), "%07"]),
        KeyCase(
            key: "connection_name",
            accepted: [("orders%20%231", { $0.connectionName == "orders #1" })],
            refused: []),
        KeyCase(
            key: "message_size_limit",
            accepted: [("0", { $0.messageSizeLimit == 0 }), ("1000000000", { $0.messageSizeLimit == 1_000_000_000 })],
            refused: ["-1", "9223372036854775808"]),
        KeyCase(
            key: "output_limit",
            accepted: [("1", { $0.outputLimit == 1 })],
            refused: ["0", "-1"]),
        KeyCase(
            key: "output_high_water_mark",
            accepted: [("300000", { $0.outputHighWaterMark == 300_000 })],
            refused: ["-1", "262143", "1&output_low_water_mark=2"]),
        KeyCase(
            key: "output_low_water_mark",
            accepted: [
                ("0", { $0.outputLowWaterMark == 0 }),
                ("5&output_high_water_mark=6", { $0.outputLowWaterMark == 5 && $0.outputHighWaterMark == 6 }),
            ],
            refused: ["-1", "1048577"]),
        KeyCase(
            key: "request_timeout",
            accepted: [
                ("2.5", { $0.requestTimeout == .milliseconds(2500) }), ("none", { $0.requestTimeout == nil }),
            ],
            refused: ["0", "-1", "nan"]),
        KeyCase(
            key: "blocked_connection_timeout",
            accepted: [
                ("300", { $0.blockedConnectionTimeout == .seconds(300) }),
                ("0.5", { $0.blockedConnectionTimeout == .milliseconds(500) }),
                ("0", { $0.blockedConnectionTimeout == .zero }), ("none", { $0.blockedConnectionTimeout == nil }),
            ],
            refused: ["-1", "1e1", "None", "inf", "x"]),
        KeyCase(
            key: "backpressure_detection",
            accepted: [
                ("t", { $0.backpressureDetection }), ("f", { !$0.backpressureDetection }),
                ("true", { $0.backpressureDetection }), ("false", { !$0.backpressureDetection }),
            ],
            refused: ["1", "0", "T", "True", "yes", "tf"]),
        KeyCase(
            key: "auth_mechanism",
            accepted: [
                ("plain", { $0.credentials is PlainCredentials }), ("PLAIN", { $0.credentials is PlainCredentials }),
                ("amqplain", { $0.credentials as? AMQPlainCredentials == AMQPlainCredentials() }),
                ("external", { $0.credentials is ExternalCredentials }),
                ("external&auth_mechanism=plain", { $0.credentials.mechanism == "EXTERNAL or PLAIN" }),
            ],
            refused: ["digest", "plain,amqplain", "plain&auth_mechanism=PLAIN", "external&auth_mechanism=x"]),
        KeyCase(
            key: "client_properties",
            accepted: [
                ("{}", { $0.clientProperties.isEmpty }),
                (
                    #"{"a":1,"b":"x+y","c":[true,null,1.5],"d":{"e":5000000000}}"#,
                    {
                        $0.clientProperties == [
                            "a": 1, "b": "x y", "c": [true, .void, 1.5], "d": ["e": .int64(5_000_000_000)],
                        ]
                    }
                ),
                ("%7B%22capabilities%22%3A%7B%7D%7D", { $0.clientProperties == ["capabilities": [:]] }),
            ],
            refused: ["1", "[]", "null", "{'a':1}", "{\"a\":1", "{\"\(String(repeating: "k", count: 256))\":1}"]),
        KeyCase(
            key: "tcp_options",
            accepted: [
                (
                    #"{"TCP_USER_TIMEOUT":1000,"TCP_KEEPIDLE":60,"TCP_KEEPINTVL":10,"TCP_KEEPCNT":4}"#,
                    {
                        $0.socketOptions
                            == SocketOptions(
                                keepAliveIdle: 60, keepAliveInterval: 10, keepAliveCount: 4,
                                userTimeout: 1000)
                    }
                ),
                (#"{"TCP_USER_TIMEOUT":0}"#, { $0.socketOptions == SocketOptions(userTimeout: 0) }),
                (#"{"SO_KEEPALIVE":true}"#, { $0.socketOptions == SocketOptions(keepAlive: true) }),
                (
                    #"{"TCP_KEEPIDLE":60,"SO_KEEPALIVE":false}"#,
                    { $0.socketOptions == SocketOptions(keepAlive: false, keepAliveIdle: 60) }
                ),
            ],
            refused: [
                #"{"TCP_NODELAY":0}"#, #"{"TCP_KEEPIDLE":0}"#, #"{"TCP_KEEPIDLE":-1}"#, #"{"TCP_KEEPCNT":"4"}"#,
                #"{"TCP_KEEPCNT":1.5}"#, #"{"SO_KEEPALIVE":1}"#, #"{"TCP_KEEPINTVL":2147483648}"#,
                #"{"TCP_USER_TIMEOUT":-1}"#, #"{"TCP_KEEPCNT":4,"TCP_KEEPCNT":4}"#,
            ]),
    ]

    @Test(arguments: keys)
    func eachKeyTakesItsValuesAndRefusesOthers(_ expected: KeyCase) throws {
        for (value, isRight) in expected.accepted {
            let parameters = try ConnectionParameters(url: "amqp://h?\(expected.key)=\(value)")
            #expect(isRight(parameters), "\(expected.key)=\(value)")
        }
        for value in expected.refused {
            let error = #expect(throws: AMQPError.self, "\(expected.key)=\(value)") {
                try ConnectionParameters(url: "amqp://h?\(expected.key)=\(value)")
            }
            #expect(error?.code == .invalidArgument)
        }
    }

    @Test func everyKeyIsInOneOfTheTables() {
        for key in URLQueryKey.allCases where !TLSConfiguration.queryKeys.contains(key) {
            #expect(Self.keys.contains { $0.key == key.rawValue }, "\(key)")
        }
    }

    @Test func userAndPasswordGoToEachMechanismThatTakesThem() throws {
        let url = "amqp://u:p@h?auth_mechanism=external&auth_mechanism=amqplain&auth_mechanism=plain"
        let choice = try #require(ConnectionParameters(url: url).credentials as? CredentialsChoice)
        #expect(choice.candidates.map(\.mechanism) == ["EXTERNAL", "AMQPLAIN", "PLAIN"])
        #expect(choice.candidates[1] as? AMQPlainCredentials == AMQPlainCredentials(username: "u", password: "p"))
        #expect(choice.candidates[2] as? PlainCredentials == PlainCredentials(username: "u", password: "p"))
    }

    @Test func externalAloneTakesNoUser() {
        #expect(throws: AMQPError.self) { try ConnectionParameters(url: "amqp://u:p@h?auth_mechanism=external") }
    }

    /// A path with the characters that mean something in a query stays inside its value (GHSA-465g-fh3v-9jw4).
    @Test func anEscapedValueCannotSetAnotherKey() throws {
        let parameters = try ConnectionParameters(url: "amqp://h?connection_name=a%26heartbeat%3D1%23%3F&locale=b")
        #expect(parameters.connectionName == "a&heartbeat=1#?")
        #expect(parameters.heartbeat == nil)
        #expect(parameters.locale == "b")
    }
}
