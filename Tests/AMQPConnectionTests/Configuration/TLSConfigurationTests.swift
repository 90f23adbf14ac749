import AMQPConnection
import AdapterKit
import Testing

@Suite struct TLSConfigurationTests {
    @Test func everythingIsVerifiedByDefault() throws {
        let tls = TLSConfiguration()
        #expect(tls.verifiesCertificate && tls.verifiesHostname && !tls.allowsInsecureVersions)
        #expect(tls.minimumVersion == .tls12 && tls.maximumVersion == nil && tls.sendsServerName)
        try tls.validate()
    }

    @Test func onlyTheThreeInsecureCallsWeakenIt() throws {
        let anyHost = TLSConfiguration().insecurelySkippingHostnameVerification()
        #expect(anyHost.verifiesCertificate && !anyHost.verifiesHostname)
        let anything = TLSConfiguration().insecurelySkippingVerification()
        #expect(!anything.verifiesCertificate && !anything.verifiesHostname)
        let old = TLSConfiguration().insecurelyAllowing(minimumVersion: .tls11)
        #expect(old.minimumVersion == .tls11 && old.verifiesCertificate && old.verifiesHostname)
        for tls in [anyHost, anything, old] { try tls.validate() }
    }

    private static func changed(_ change: (inout TLSConfiguration) -> Void) -> TLSConfiguration {
        var tls = TLSConfiguration()
        change(&tls)
        return tls
    }

    private static let wrong: [(String, TLSConfiguration)] = [
        ("minimumVersion is TLS 1.1", changed { $0.minimumVersion = .tls11 }),
        ("maximumVersion is older", changed { ($0.minimumVersion, $0.maximumVersion) = (.tls13, .tls12) }),
        ("authorityFile is empty", changed { $0.authorityFile = "" }),
        ("authorityFolder contains a control", changed { $0.authorityFolder = "a\0b" }),
        ("authorityPEM is not PEM", changed { $0.authorityPEM = "" }),
        ("serverName contains a control", changed { $0.serverName = "a\nb" }),
        ("cipherList contains a command", changed { $0.cipherList = "DEFAULT@SECLEVEL=0" }),
        ("certificateFile and certificatePEM", changed { ($0.certificateFile, $0.certificatePEM) = ("a", "-") }),
        ("keyFile and keyPEM", changed { ($0.certificateFile, $0.keyFile, $0.keyPEM) = ("a", "b", "-") }),
        ("a key is given", changed { $0.keyFile = "a" }),
        ("keyPassword is given", changed { $0.keyPassword = "secret" }),
        (
            "keyPassword is longer",
            changed { ($0.certificateFile, $0.keyPassword) = ("a", String(repeating: "x", count: 1024)) }
        ),
    ]

    @Test(arguments: wrong)
    func wrongValuesAreRefusedByName(reason: String, tls: TLSConfiguration) {
        let error = #expect(throws: AMQPError.self) { try ConnectionParameters(tls: tls).validate() }
        #expect(error?.code == .invalidArgument)
        #expect(error?.reason.hasPrefix("tls.\(reason)") == true, "\(error?.reason ?? "")")
    }

    @Test func noDescriptionShowsTheKeyOrItsPassword() {
        var tls = TLSConfiguration()
        tls.certificateFile = "client.pem"
        tls.keyPEM = "-hidden-"
        tls.keyPassword = "hidden"
        let parameters = ConnectionParameters(tls: tls)
        var dumped = ""
        dump(parameters, to: &dumped)
        let all = [
            "\(tls)", String(reflecting: tls), "\(Mirror(reflecting: tls).children.map { $0 })", dumped,
            "\(parameters)",
            parameters.url,
        ]
        #expect(all.allSatisfy { !$0.contains("hidden") })
        #expect(all[0] == "TLS(certificateFile: client.pem, keyPEM: given, keyPassword: given)")
    }

    @Test func portFollowsTLSUntilItIsSet() {
        var parameters = ConnectionParameters()
        #expect(parameters.port == 5672)
        parameters.tls = TLSConfiguration()
        #expect(parameters.port == 5671)
        parameters.port = 5672
        #expect(parameters.port == 5672)
        #expect(ConnectionParameters(port: 1, tls: TLSConfiguration()).port == 1)
    }

    @Test func loopWithoutTLSFailsWithATypedErrorAndSendsNothing() {
        let loop = VirtualLoop()
        let pipe = MemoryPipe(on: loop)
        loop.onConnect = { _, _ in .stream(pipe.client) }
        var failure: AMQPError?
        _ = Connection(ConnectionParameters(tls: .init()), on: loop, onOpenError: { _, error in failure = error })
        loop.settle()
        #expect(failure?.code == .tlsUnavailable)
        #expect(pipe.toServer.transcript.isEmpty)
        #expect(pipe.client.isEnded)
    }
}
