import AMQPConnection
import AdapterKit
import COpenSSL
import TLSSupport
import Testing

@testable import AMQPTLS

@Suite struct TLSVerificationTests {
    private static let cases: [(certificate: String, host: String, problem: TLSError.Problem?)] = [
        ("server", "localhost", nil),
        ("server", "LOCALHOST.", nil),
        ("server", "127.0.0.1", nil),
        ("server", "::1", nil),
        ("server", "::1%lo", nil),
        ("server", "127.0.0.2", .certificateForAnotherHost),
        ("server", "other.test", .certificateForAnotherHost),
        ("server", "a.localhost", .certificateForAnotherHost),
        ("address", "127.0.0.1", nil),
        ("address", "localhost", .certificateForAnotherHost),
        ("common-name", "localhost", .certificateForAnotherHost),
        ("other-host", "localhost", .certificateForAnotherHost),
        ("wildcard", "a.wild.test", nil),
        ("wildcard", "a.b.wild.test", .certificateForAnotherHost),
        ("wildcard", "wild.test", .certificateForAnotherHost),
        ("self-signed", "localhost", .certificateSelfSigned),
        ("untrusted", "localhost", .certificateUntrusted),
        ("expired", "localhost", .certificateExpired),
        ("not-yet-valid", "localhost", .certificateNotYetValid),
    ]

    @Test(arguments: cases)
    func certificatesAreVerified(certificate: String, host: String, problem: TLSError.Problem?) throws {
        let pair = try TLSPair(host: host, server: TLSServerOptions(certificate: certificate))
        pair.open()
        #expect(pair.clientOutcomes.count == 1)
        #expect(pair.clientProblem == problem, "\(pair.clientOutcomes)")
        if problem != nil {
            #expect(pair.clientOutcomes[0]?.code == .peerCertificateRefused)
            #expect(pair.clientOutcomes[0]?.blame == .peer)
            // The server is told, and nothing else was said.
            #expect(pair.serverProbe.received.isEmpty)
        }
    }

    @Test func serverNameTakesTheHostsPlace() throws {
        var configuration = try TLSPair.trusting()
        configuration.serverName = "a.wild.test"
        let pair = try TLSPair(configuration, host: "127.0.0.1", server: TLSServerOptions(certificate: "wildcard"))
        pair.open()
        #expect(pair.clientOutcomes.count == 1 && pair.clientProblem == nil)
        #expect(TLSServer.serverName(pair.serverSSL) == "a.wild.test")
    }

    @Test func namesAreToldToTheServerAndAddressesAreNot() throws {
        for (host, name) in [("localhost", "localhost"), ("127.0.0.1", nil), ("::1", nil)] {
            let pair = try TLSPair(host: host)
            pair.open()
            #expect(pair.clientProblem == nil && TLSServer.serverName(pair.serverSSL) == name)
        }
        var silent = try TLSPair.trusting()
        silent.sendsServerName = false
        let pair = try TLSPair(silent, host: "other.test")
        pair.open()
        #expect(TLSServer.serverName(pair.serverSSL) == nil)
        #expect(pair.clientProblem == .certificateForAnotherHost, "the name counts although it is not told")
    }

    @Test func onlyWhatIsCalledInsecureWeakensIt() throws {
        let trusting = try TLSPair.trusting()
        for (certificate, host) in [("self-signed", "localhost"), ("expired", "x.test"), ("untrusted", "localhost")] {
            let options = TLSServerOptions(certificate: certificate)
            let pair = try TLSPair(trusting.insecurelySkippingVerification(), host: host, server: options)
            pair.open()
            #expect(pair.clientOutcomes.count == 1 && pair.clientOutcomes[0] == nil)
        }
        let anyHost = trusting.insecurelySkippingHostnameVerification()
        for (host, certificate, problem) in [
            ("x.test", "server", nil), ("10.0.0.1", "server", nil),
            ("x.test", "untrusted", TLSError.Problem.certificateUntrusted), ("x.test", "expired", .certificateExpired),
        ] {
            let pair = try TLSPair(anyHost, host: host, server: TLSServerOptions(certificate: certificate))
            pair.open()
            #expect(pair.clientOutcomes.count == 1 && pair.clientProblem == problem)
        }
    }

    @Test(arguments: [TLSVersion.tls10, .tls11])
    func oldVersionsAreRefused(version: TLSVersion) throws {
        let options = TLSServerOptions(version: version)
        let pair = try TLSPair(server: options)
        pair.open()
        #expect(pair.clientOutcomes.count == 1 && pair.clientOutcomes[0]?.code == .tlsFailed)
        #expect(pair.clientProblem == .versionNotAccepted, "\(pair.clientOutcomes)")
        let allowed = try TLSPair.trusting().insecurelyAllowing(minimumVersion: version)
        let other = try TLSPair(allowed, server: options)
        other.open()
        #expect(other.clientOutcomes.count == 1 && other.clientOutcomes[0] == nil, "\(other.clientOutcomes)")
    }

    @Test func versionsAreThoseThatAreConfigured() throws {
        var configuration = try TLSPair.trusting()
        configuration.minimumVersion = .tls13
        let refused = try TLSPair(configuration, server: TLSServerOptions(version: .tls12))
        refused.open()
        #expect(refused.clientProblem == .versionNotAccepted)
        configuration.minimumVersion = .tls12
        configuration.maximumVersion = .tls12
        let taken = try TLSPair(configuration)
        taken.open()
        #expect(SSL_version(taken.serverSSL) == TLS1_2_VERSION)
        configuration.cipherList = "ECDHE-ECDSA-AES256-GCM-SHA384"
        let chosen = try TLSPair(configuration)
        chosen.open()
        #expect(
            String(cString: SSL_CIPHER_get_name(SSL_get_current_cipher(chosen.serverSSL)))
                == "ECDHE-ECDSA-AES256-GCM-SHA384")
    }
}
