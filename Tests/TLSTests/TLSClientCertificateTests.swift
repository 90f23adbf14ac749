import AMQPConnection
import AdapterKit
import TLSSupport
import Testing

@testable import AMQPTLS

@Suite struct TLSClientCertificateTests {
    private static func configuration(_ change: (inout TLSConfiguration) throws -> Void) throws -> TLSConfiguration {
        var configuration = try TLSPair.trusting()
        try change(&configuration)
        return configuration
    }

    /// What a server that wants a certificate makes of the client: the error that either side's stream ends with.
    private func outcome(_ configuration: TLSConfiguration, _ version: TLSVersion) throws -> TLSError? {
        let pair = try TLSPair(configuration, server: TLSServerOptions(wantsCertificate: true, version: version))
        pair.open()
        #expect(pair.clientOutcomes.count == 1)
        let error = (pair.clientOutcomes.first ?? nil) ?? (pair.clientProbe.ends.first ?? nil)
        return error?.underlying as? TLSError
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func clientShowsItsCertificateFromFilesOrText(version: TLSVersion) throws {
        let all = [
            try Self.configuration {
                $0.certificateFile = try TestCertificates.path("client.pem")
                $0.keyFile = try TestCertificates.path("client.key")
            },
            try Self.configuration { $0.certificateFile = try TestCertificates.path("client-all.pem") },
            try Self.configuration { $0.certificatePEM = try TestCertificates.text("client-all.pem") },
            try Self.configuration {
                $0.authorityFile = nil
                $0.authorityPEM = try TestCertificates.text("authority.pem")
                $0.certificatePEM = try TestCertificates.text("client.pem")
                $0.keyPEM = try TestCertificates.text("client-locked.key")
                $0.keyPassword = "locked"
            },
        ]
        for configuration in all { #expect(try outcome(configuration, version) == nil, "\(configuration)") }
    }

    @Test(arguments: [TLSVersion.tls12, .tls13])
    func serverRefusesAClientWithoutACertificateOrWithAnothers(version: TLSVersion) throws {
        let none = try outcome(try TLSPair.trusting(), version)
        #expect(none?.problem == .refusedByPeer && none?.alert == (version == .tls13 ? 116 : 40), "\(none as Any)")
        let stranger = try Self.configuration {
            $0.certificateFile = try TestCertificates.path("client-untrusted.pem")
            $0.keyFile = try TestCertificates.path("client.key")
        }
        let refused = try outcome(stranger, version)
        #expect(refused?.problem == .refusedByPeer && refused?.alert == 48, "\(refused as Any)")
    }

    @Test func whatCannotBeUsedIsNamed() throws {
        let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
        let all: [(String, TLSConfiguration)] = [
            ("authorityFile /nowhere", try Self.configuration { $0.authorityFile = "/nowhere" }),
            ("authorityFolder /nowhere", try Self.configuration { $0.authorityFolder = "/nowhere" }),
            ("authorityPEM", try Self.configuration { $0.authorityPEM = garbage }),
            ("authorityPEM", try Self.configuration { $0.authorityPEM = "no - certificate" }),
            ("certificateFile /nowhere", try Self.configuration { $0.certificateFile = "/nowhere" }),
            (
                "keyFile /nowhere",
                try Self.configuration {
                    $0.certificateFile = try TestCertificates.path("client.pem")
                    $0.keyFile = "/nowhere"
                }
            ),
            (
                "the key in certificateFile",
                try Self.configuration { $0.certificateFile = try TestCertificates.path("client.pem") }
            ),
            (
                "keyPEM",
                try Self.configuration {
                    $0.certificateFile = try TestCertificates.path("client.pem")
                    $0.keyPEM = try TestCertificates.text("server.key")
                }
            ),
            (
                "keyPEM",
                try Self.configuration {
                    $0.certificateFile = try TestCertificates.path("client.pem")
                    $0.keyPEM = try TestCertificates.text("client-locked.key")
                    $0.keyPassword = "hidden"
                }
            ),
            (
                "keyPEM",
                try Self.configuration {
                    $0.certificateFile = try TestCertificates.path("client.pem")
                    $0.keyPEM = try TestCertificates.text("client-locked.key")
                }
            ),
            ("cipherList", try Self.configuration { $0.cipherList = "no-such-cipher" }),
            ("the server's name", try Self.configuration { $0.serverName = ".test" }),
        ]
        for (part, configuration) in all {
            let error = #expect(throws: TLSError.self) { try TLSSession(configuration, host: "localhost") }
            #expect(error?.problem == .configuration)
            #expect(error?.text.hasPrefix(part) == true, "\(part): \(error?.text ?? "")")
            #expect(!"\(error as Any)".contains("hidden"))
        }
    }

    @Test func systemsAuthoritiesAreTrustedIfNoneAreNamed() throws {
        _ = try TLSSession(TLSConfiguration(), host: "localhost")
        let pair = try TLSPair(TLSConfiguration())
        pair.open()
        #expect(pair.clientProblem == .certificateUntrusted, "\(pair.clientOutcomes)")
    }

    @Test func configurationThatCannotBeUsedFailsInALaterTurnAndEndsTheStream() throws {
        let loop = VirtualLoop()
        let pipe = MemoryPipe(on: loop)
        var outcomes: [AMQPError.Code?] = []
        var configuration = TLSConfiguration()
        configuration.authorityFile = "/nowhere"
        _ = TLSConnector(pipe.client, host: "localhost", configuration, on: loop) { result in
            if case .failure(let error) = result { outcomes.append(error.code) } else { outcomes.append(nil) }
        }
        #expect(outcomes.isEmpty)
        loop.settle()
        #expect(outcomes == [.tlsConfigurationInvalid])
        #expect(pipe.client.isEnded)
    }
}
