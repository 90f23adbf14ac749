import AMQPConnection
import Testing

@Suite(.serialized) struct URLRoundTripTests {
    static let cases = 100_000
    static let seeds = 0 ..< UInt64(20)

    @Test(arguments: seeds)
    func parsingWhatWasPrintedGivesTheSameParameters(seed: UInt64) throws {
        var random = RandomParameters(seed: seed)
        for index in 0 ..< Self.cases / Self.seeds.count {
            let parameters = random.next()
            let url = try parameters.urlIncludingPassword()
            guard parameters.isSame(as: try ConnectionParameters(url: url)) else {
                Issue.record("case \(index) of seed \(seed): \(url)")
                return
            }
        }
    }

    @Test func redactedURLIsAURLThatDiffersInThePasswordOnly() throws {
        var random = RandomParameters(seed: 99)
        for _ in 0 ..< 1000 {
            let parameters = random.next()
            let parsed = try ConnectionParameters(url: parameters.url)
            var expected = parameters
            expected.credentials = redacted(parameters.credentials)
            if parameters.tls?.keyPassword != nil { expected.tls?.keyPassword = "***" }
            #expect(expected.isSame(as: parsed), "\(parameters.url)")
        }
    }

    private func redacted(_ credentials: any Credentials) -> any Credentials {
        switch credentials {
        case let plain as PlainCredentials: PlainCredentials(username: plain.username, password: "***")
        case let plain as AMQPlainCredentials: AMQPlainCredentials(username: plain.username, password: "***")
        case let choice as CredentialsChoice: CredentialsChoice(choice.candidates.map(redacted))
        default: credentials
        }
    }

    @Test func printsWhatIsNotAtItsDefault() throws {
        var parameters = ConnectionParameters()
        #expect(parameters.url == "amqp://guest:***@localhost:5672/%2F")
        #expect(try parameters.urlIncludingPassword() == "amqp://guest:guest@localhost:5672/%2F")
        parameters.host = "fe80::1%eth0"
        parameters.credentials = CredentialsChoice([
            ExternalCredentials(), PlainCredentials(username: "ü@", password: "p/:"),
        ])
        parameters.virtualHost = "a b"
        parameters.heartbeat = 0
        parameters.stackTimeout = .milliseconds(2500)
        parameters.socketTimeout = nil
        parameters.clientProperties = ["k&": [1, "=", 0.5]]
        parameters.socketOptions.keepAliveIdle = 60
        let rest =
            "[fe80::1%25eth0]:5672/a%20b?auth_mechanism=external&auth_mechanism=plain&heartbeat=0&socket_timeout=none"
            + "&stack_timeout=2.5&client_properties=%7B%22k%26%22%3A%5B1%2C%22%3D%22%2C0.5%5D%7D"
            + "&tcp_options=%7B%22TCP_KEEPIDLE%22%3A60%7D"
        #expect(parameters.url == "amqp://%C3%BC%40:***@\(rest)")
        #expect(try parameters.urlIncludingPassword() == "amqp://%C3%BC%40:p%2F%3A@\(rest)")
    }

    @Test func whatAURLCannotExpressIsRefusedByNameAndLeftOutOfTheRedactedURL() {
        struct Own: Credentials {
            let mechanism = "PLAIN"
            func initialResponse() throws(AMQPError) -> ByteSlice { [] }
        }
        struct Provider: CredentialsProvider {
            func provideCredentials(_ completion: @escaping @Sendable (Result<any Credentials, any Error>) -> Void) {}
        }
        let twoUsers = CredentialsChoice([PlainCredentials(username: "a"), AMQPlainCredentials(username: "b")])
        let twice = CredentialsChoice([ExternalCredentials(), ExternalCredentials()])
        let cases: [(String, ConnectionParameters)] = [
            ("virtualHost", ConnectionParameters(virtualHost: "")),
            ("locale", ConnectionParameters(locale: "")),
            ("connectionName", ConnectionParameters(connectionName: "")),
            ("credentials", ConnectionParameters(credentials: Own())),
            ("credentials", ConnectionParameters(credentials: twoUsers)),
            ("credentials", ConnectionParameters(credentials: twice)),
            ("credentials", ConnectionParameters(credentials: ErasingCredentials(PlainCredentials()))),
            ("credentialsProvider", ConnectionParameters(credentialsProvider: Provider())),
            ("heartbeat", ConnectionParameters(heartbeat: .chosen { $0 })),
            ("tls", ConnectionParameters(port: 5672, tls: TLSConfiguration().insecurelySkippingHostnameVerification())),
            (
                "tls",
                ConnectionParameters(port: 5672, tls: TLSConfiguration().insecurelyAllowing(minimumVersion: .tls11))
            ),
            ("client_properties", ConnectionParameters(clientProperties: ["a": .timestamp(1)])),
        ]
        for (part, parameters) in cases {
            let error = #expect(throws: AMQPError.self) { try parameters.urlIncludingPassword() }
            #expect(error?.code == .notSupported)
            #expect(error?.reason.hasPrefix("\(part) ") == true, "\(error?.reason ?? "")")
            #expect(parameters.url.hasSuffix("localhost:5672/") || parameters.url.hasSuffix("localhost:5672/%2F"))
        }
    }

    @Test func invalidParametersAreNotPrinted() {
        let invalid = ConnectionParameters(host: "")
        let error = #expect(throws: AMQPError.self) { try invalid.urlIncludingPassword() }
        #expect(error?.code == .invalidArgument)
    }
}

extension ConnectionParameters {
    /// Whether everything that a URL expresses is the same.
    fileprivate func isSame(as other: ConnectionParameters) -> Bool {
        Array(host.utf8) == Array(other.host.utf8) && port == other.port
            && Array(virtualHost.utf8) == Array(other.virtualHost.utf8)
            && ConnectionParameters.same(credentials, other.credentials) && channelMax == other.channelMax
            && frameMax == other.frameMax && ConnectionParameters.same(heartbeat, other.heartbeat)
            && connectionAttempts == other.connectionAttempts && retryDelay == other.retryDelay
            && addressOrder == other.addressOrder && resolveTimeout == other.resolveTimeout
            && socketTimeout == other.socketTimeout && stackTimeout == other.stackTimeout
            && Array(locale.utf8) == Array(other.locale.utf8)
            && connectionName.map { Array($0.utf8) } == other.connectionName.map { Array($0.utf8) }
            && clientProperties == other.clientProperties && messageSizeLimit == other.messageSizeLimit
            && outputLimit == other.outputLimit && socketOptions == other.socketOptions
            && requestTimeout == other.requestTimeout && outputHighWaterMark == other.outputHighWaterMark
            && outputLowWaterMark == other.outputLowWaterMark
            && blockedConnectionTimeout == other.blockedConnectionTimeout
            && backpressureDetection == other.backpressureDetection
            && Array("\(tls as Any)".utf8) == Array("\(other.tls as Any)".utf8)
            && tls?.keyPassword.map { Array($0.utf8) } == other.tls?.keyPassword.map { Array($0.utf8) }
            && tls?.authorityPEM.map { Array($0.utf8) } == other.tls?.authorityPEM.map { Array($0.utf8) }
    }

    private static func same(_ left: Heartbeat?, _ right: Heartbeat?) -> Bool {
        switch (left, right) {
        case (nil, nil): true
        case (.seconds(let left), .seconds(let right)): left == right
        default: false
        }
    }

    private static func same(_ left: any Credentials, _ right: any Credentials) -> Bool {
        switch (left, right) {
        case (let left as PlainCredentials, let right as PlainCredentials):
            Array(left.username.utf8) == Array(right.username.utf8)
                && Array(left.password.utf8) == Array(right.password.utf8)
        case (let left as AMQPlainCredentials, let right as AMQPlainCredentials):
            Array(left.username.utf8) == Array(right.username.utf8)
                && Array(left.password.utf8) == Array(right.password.utf8)
        case (is ExternalCredentials, is ExternalCredentials): true
        case (let left as CredentialsChoice, let right as CredentialsChoice):
            left.candidates.count == right.candidates.count && zip(left.candidates, right.candidates).allSatisfy(same)
        default: false
        }
    }
}
