import Testing

@testable import AMQPConnection

@Suite struct ConnectionParametersTests {
    @Test func defaultsArePikasWhereItHasThem() throws {
        let parameters = ConnectionParameters()
        try parameters.validate()
        #expect(parameters.host == "localhost")
        #expect(parameters.port == 5672)
        #expect(parameters.virtualHost == "/")
        #expect(parameters.credentials as? PlainCredentials == PlainCredentials(username: "guest", password: "guest"))
        #expect(parameters.credentialsProvider == nil)
        #expect(parameters.channelMax == 65535)
        #expect(parameters.frameMax == 131_072)
        #expect(parameters.heartbeat == nil)
        #expect(parameters.connectionAttempts == 1)
        #expect(parameters.retryDelay == .seconds(2))
        #expect(parameters.addressOrder == .raced)
        #expect(parameters.resolveTimeout == .seconds(10))
        #expect(parameters.socketTimeout == .seconds(10))
        #expect(parameters.stackTimeout == .seconds(15))
        #expect(parameters.requestTimeout == .seconds(60))
        #expect(parameters.blockedConnectionTimeout == nil)
        #expect(parameters.tls == nil)
        #expect(parameters.backpressureDetection == false)
        #expect(parameters.outputHighWaterMark == 1 << 20)
        #expect(parameters.outputLowWaterMark == 256 << 10)
        #expect(parameters.locale == "en_US")
        #expect(parameters.connectionName == nil)
        #expect(parameters.clientProperties.isEmpty)
        #expect(parameters.messageSizeLimit == 128 << 20)
        #expect(parameters.outputLimit == 256 << 20)
        #expect(parameters.socketOptions == SocketOptions())
        #expect(parameters.handlerErrorPolicy == .report)
    }

    /// A parameter, values at the ends of its range, and values beyond them.
    struct Range: Sendable {
        var name: String
        var accepted: [@Sendable (inout ConnectionParameters) -> Void]
        var refused: [@Sendable (inout ConnectionParameters) -> Void]
    }

    static let ranges: [Range] = [
        Range(
            name: "host",
            accepted: [{ $0.host = "h" }, { $0.host = "::1" }, { $0.host = "fe80::1%eth0" }, { $0.host = "ü" }],
            refused: [
                { $0.host = "" }, { $0.host = "h\0" }, { $0.host = "h\n" }, { $0.host = "h:5672" },
                { $0.host = "[::1]" }, { $0.host = "::1%" },
            ]),
        Range(name: "host", accepted: [{ $0.host = "/run/a:b" }, { $0.host = "/" }], refused: [{ $0.host = "/\0" }]),
        Range(
            name: "connectionAttempts", accepted: [{ $0.connectionAttempts = 1 }, { $0.connectionAttempts = .max }],
            refused: [{ $0.connectionAttempts = 0 }, { $0.connectionAttempts = -1 }]),
        Range(
            name: "retryDelay", accepted: [{ $0.retryDelay = .zero }], refused: [{ $0.retryDelay = .seconds(-1) }]),
        Range(
            name: "resolveTimeout", accepted: [{ $0.resolveTimeout = nil }, { $0.resolveTimeout = .nanoseconds(1) }],
            refused: [{ $0.resolveTimeout = .zero }, { $0.resolveTimeout = .seconds(-1) }]),
        Range(name: "port", accepted: [{ $0.port = 1 }, { $0.port = 65535 }], refused: [{ $0.port = 0 }]),
        Range(
            name: "virtualHost",
            accepted: [
                { $0.virtualHost = "" }, { $0.virtualHost = String(repeating: "v", count: 255) },
                { $0.virtualHost = "a/b" },
            ],
            refused: [
                { $0.virtualHost = String(repeating: "v", count: 256) },
                { $0.virtualHost = String(repeating: "é", count: 128) }, { $0.virtualHost = "v\0" },
                { $0.virtualHost = "\u{85}" },
            ]),
        Range(
            name: "user name",
            accepted: [{ $0.credentials = PlainCredentials(username: "", password: "") }],
            refused: [
                { $0.credentials = PlainCredentials(username: "u\0") },
                { $0.credentials = AMQPlainCredentials(username: "\u{1F}") },
                { $0.credentials = CredentialsChoice([ExternalCredentials(), PlainCredentials(username: "\u{7F}")]) },
                { $0.credentials = ErasingCredentials(PlainCredentials(username: "\r\n")) },
            ]),
        Range(
            name: "password",
            accepted: [{ $0.credentials = PlainCredentials(password: "pässwörd 🐹") }],
            refused: [
                { $0.credentials = PlainCredentials(password: "\0") },
                { $0.credentials = AMQPlainCredentials(password: "p\u{9F}") },
            ]),
        Range(
            name: "choice", accepted: [{ $0.credentials = CredentialsChoice([ExternalCredentials()]) }],
            refused: [{ $0.credentials = CredentialsChoice([]) }]),
        Range(
            name: "channelMax", accepted: [{ $0.channelMax = 1 }, { $0.channelMax = 65535 }],
            refused: [{ $0.channelMax = 0 }]),
        Range(
            name: "frameMax", accepted: [{ $0.frameMax = 4096 }, { $0.frameMax = 2_147_483_647 }],
            refused: [
                { $0.frameMax = 4095 }, { $0.frameMax = 0 }, { $0.frameMax = -1 }, { $0.frameMax = 2_147_483_648 },
                { $0.frameMax = .max }, { $0.frameMax = .min },
            ]),
        Range(
            name: "socketTimeout",
            accepted: [
                { $0.socketTimeout = nil }, { $0.socketTimeout = .nanoseconds(1) },
                { $0.socketTimeout = .seconds(Int64.max) },
            ],
            refused: [{ $0.socketTimeout = .zero }, { $0.socketTimeout = .seconds(-1) }]),
        Range(
            name: "stackTimeout",
            accepted: [{ $0.stackTimeout = nil }, { $0.stackTimeout = .nanoseconds(1) }],
            refused: [{ $0.stackTimeout = .zero }, { $0.stackTimeout = .nanoseconds(-1) }]),
        Range(
            name: "requestTimeout",
            accepted: [{ $0.requestTimeout = nil }, { $0.requestTimeout = .nanoseconds(1) }],
            refused: [{ $0.requestTimeout = .zero }, { $0.requestTimeout = .nanoseconds(-1) }]),
        Range(
            name: "blockedConnectionTimeout",
            accepted: [{ $0.blockedConnectionTimeout = nil }, { $0.blockedConnectionTimeout = .zero }],
            refused: [{ $0.blockedConnectionTimeout = .nanoseconds(-1) }]),
        Range(
            name: "WaterMark",
            accepted: [
                { ($0.outputHighWaterMark, $0.outputLowWaterMark) = (0, 0) },
                { ($0.outputHighWaterMark, $0.outputLowWaterMark) = (.max, .max) },
            ],
            refused: [
                { $0.outputHighWaterMark = -1 }, { $0.outputLowWaterMark = -1 },
                { ($0.outputHighWaterMark, $0.outputLowWaterMark) = (5, 6) },
            ]),
        Range(
            name: "locale", accepted: [{ $0.locale = String(repeating: "l", count: 255) }],
            refused: [{ $0.locale = String(repeating: "l", count: 256) }, { $0.locale = "\u{7}" }]),
        Range(
            name: "clientProperties",
            accepted: [
                { $0.clientProperties = [String(repeating: "k", count: 255): 1] },
                { $0.connectionName = String(repeating: "n", count: 1000) },
            ],
            refused: [
                { $0.clientProperties = [String(repeating: "k", count: 256): 1] },
                { parameters in
                    var nested: FieldValue = []
                    for _ in 0 ..< 33 { nested = [nested] }
                    parameters.clientProperties = ["a": nested]
                },
            ]),
        Range(
            name: "keepAliveIdle",
            accepted: [{ $0.socketOptions.keepAliveIdle = 1 }, { $0.socketOptions.keepAliveIdle = 2_147_483_647 }],
            refused: [
                { $0.socketOptions.keepAliveIdle = 0 }, { $0.socketOptions.keepAliveIdle = -1 },
                { $0.socketOptions.keepAliveIdle = 2_147_483_648 }, { $0.socketOptions.keepAliveIdle = .min },
            ]),
        Range(
            name: "keepAliveInterval", accepted: [{ $0.socketOptions.keepAliveInterval = 1 }],
            refused: [{ $0.socketOptions.keepAliveInterval = 0 }, { $0.socketOptions.keepAliveInterval = .max }]),
        Range(
            name: "keepAliveCount", accepted: [{ $0.socketOptions.keepAliveCount = 1 }],
            refused: [{ $0.socketOptions.keepAliveCount = 0 }, { $0.socketOptions.keepAliveCount = .max }]),
        Range(
            name: "userTimeout",
            accepted: [{ $0.socketOptions.userTimeout = 0 }, { $0.socketOptions.userTimeout = 2_147_483_647 }],
            refused: [{ $0.socketOptions.userTimeout = -1 }, { $0.socketOptions.userTimeout = 2_147_483_648 }]),
        Range(
            name: "messageSizeLimit", accepted: [{ $0.messageSizeLimit = 0 }, { $0.messageSizeLimit = .max }],
            refused: [{ $0.messageSizeLimit = -1 }, { $0.messageSizeLimit = .min }]),
        Range(
            name: "outputLimit", accepted: [{ $0.outputLimit = 1 }, { $0.outputLimit = .max }],
            refused: [{ $0.outputLimit = 0 }, { $0.outputLimit = -1 }]),
    ]

    @Test(arguments: ranges)
    func validatesTheRangeAndNamesTheParameter(_ range: Range) throws {
        for change in range.accepted {
            var parameters = ConnectionParameters()
            change(&parameters)
            try parameters.validate()
        }
        for (index, change) in range.refused.enumerated() {
            var parameters = ConnectionParameters()
            change(&parameters)
            let error = #expect(throws: AMQPError.self, "\(range.name) \(index)") { try parameters.validate() }
            #expect(error?.code == .invalidArgument)
            #expect(error?.blame == .application)
            #expect(error?.reason.contains(range.name) == true, "\(error?.reason ?? "")")
        }
    }

    @Test func descriptionHasWhereItLeads() {
        #expect("\(ConnectionParameters(host: "h", port: 1, virtualHost: "v"))" == "h:1, virtual host v")
        #expect("\(ConnectionParameters(host: "::1"))" == "[::1]:5672, virtual host /")
    }

    @Test(
        arguments: [
            (nil, 60, 60), (nil, 0, 0), (0, 60, 0), (10, 60, 10), (600, 60, 600), (5, 0, 5),
            (.chosen { $0 / 2 }, 60, 30), (.chosen { _ in 0 }, 60, 0), (.chosen { $0 + 5 }, 0, 5),
            (.chosen { min($0, 20) }, 60, 20),
        ] as [(Heartbeat?, UInt16, UInt16)])
    func ourHeartbeatHoldsAndAFunctionHearsTheProposal(ours: Heartbeat?, proposed: UInt16, agreed: UInt16) throws {
        var machine = HandshakeStateMachine(ConnectionParameters(heartbeat: ours))
        _ = try machine.receivedStart(.offering("PLAIN"))
        let tune = ConnectionTune(channelMax: 0, frameMax: 0, heartbeat: proposed)
        #expect(try machine.receivedTune(tune).0.heartbeat == agreed)
    }
}

extension ConnectionStart {
    /// A broker that offers these mechanisms.
    static func offering(_ mechanisms: String) -> ConnectionStart {
        ConnectionStart(
            versionMajor: 0, versionMinor: 9, serverProperties: [:], mechanisms: ByteSlice(utf8: mechanisms),
            locales: ByteSlice(utf8: "en_US"))
    }
}
