import AMQPConnection
import AdapterKit
import BrokerSupport
import TLSSupport

/// TLS with servers that show every kind of certificate, and with such as speak something else.
enum TLSPeerScenarios {
    static let all: [AdapterCheck] = certificates + clientCertificates + ends + others

    /// A certificate, the host that is asked for, and what is wrong with that.
    private static let certificateCases: [(name: String, certificate: String, host: String, TLSError.Problem?)] = [
        ("the-right-name-is-accepted", "server", "localhost", nil),
        ("an-address-among-the-alternative-names-is-accepted", "address", "127.0.0.1", nil),
        ("a-wildcard-is-accepted", "wildcard", "a.wild.test", nil),
        ("another-name-is-refused", "other-host", "localhost", .certificateForAnotherHost),
        ("another-address-is-refused", "address", "127.0.0.2", .certificateForAnotherHost),
        ("a-name-in-the-common-name-only-is-refused", "common-name", "localhost", .certificateForAnotherHost),
        ("a-wildcard-for-two-labels-is-refused", "wildcard", "a.b.wild.test", .certificateForAnotherHost),
        ("a-self-signed-certificate-is-refused", "self-signed", "localhost", .certificateSelfSigned),
        ("an-untrusted-authority-is-refused", "untrusted", "localhost", .certificateUntrusted),
        ("an-expired-certificate-is-refused", "expired", "localhost", .certificateExpired),
        ("a-certificate-of-the-future-is-refused", "not-yet-valid", "localhost", .certificateNotYetValid),
    ]

    private static let certificates: [AdapterCheck] = certificateCases.map { name, certificate, host, problem in
        .scenario("tls-\(name)") { session in
            let peer = try session.peer(TLSServerOptions(certificate: certificate))
            session.secure(peer, host: host, try session.trusting()) { result in
                switch (result, problem) {
                case (.success(let stream), nil): session.exchange(on: stream)
                case (.failure(let error), let problem?):
                    session.expect(error, problem, "certificate")
                    session.finish()
                case (.success(let stream), .some):
                    session.check.fail("the certificate was accepted")
                    stream.abort()
                    session.finish()
                case (.failure(let error), nil):
                    session.check.fail("the certificate was refused: \(error)")
                    session.finish()
                }
            }
        }
    }

    private static let clientCertificates: [AdapterCheck] = [
        .scenario("tls-a-client-shows-the-certificate-that-the-server-wants") { session in
            var tls = try session.trusting()
            tls.certificateFile = try TestCertificates.path("client.pem")
            tls.keyFile = try TestCertificates.path("client-locked.key")
            tls.keyPassword = "locked"
            session.secure(try session.peer(TLSServerOptions(wantsCertificate: true)), tls) { result in
                if let stream = session.value(result, "the handshake") { session.exchange(on: stream) }
            }
        },
        .scenario("tls-a-server-refuses-a-client-without-a-certificate") { session in
            try session.expectRefusal(
                by: session.peer(TLSServerOptions(wantsCertificate: true)), session.trusting(), alert: 116)
        },
        .scenario("tls-a-server-refuses-a-client-with-anothers-certificate") { session in
            var tls = try session.trusting()
            tls.certificateFile = try TestCertificates.path("client-untrusted.pem")
            tls.keyFile = try TestCertificates.path("client.key")
            try session.expectRefusal(by: session.peer(TLSServerOptions(wantsCertificate: true)), tls, alert: 48)
        },
        .scenario("tls-a-key-that-cannot-be-opened-is-a-configuration-error") { session in
            var tls = try session.trusting()
            tls.certificateFile = try TestCertificates.path("client.pem")
            tls.keyFile = try TestCertificates.path("client-locked.key")
            tls.keyPassword = "hidden"
            session.secure(try session.peer(), tls) { result in
                session.expectFailure(result, .tlsConfigurationInvalid, "a wrong password")
                if case .failure(let error) = result {
                    session.check.expect(!"\(error)".contains("hidden"), "\(error)")
                }
                session.finish()
            }
        },
    ]

    private static let ends: [AdapterCheck] = [
        .scenario("tls-an-end-that-the-peer-announces-is-the-streams-end") { session in
            try session.expectEnd(of: session.peer(.init(), .end(after: [1, 2, 3])), [1, 2, 3]) { error in
                session.check.expectEqual(error?.code, .streamLost, "code")
                session.check.expectEqual(error?.reason, "the peer closed the stream", "reason")
            }
        },
        .scenario("tls-an-alert-in-the-middle-of-a-session-is-told-as-what-it-is") { session in
            let proxy = try FaultProxy(to: .ipv4(0x7F00_0001, port: try session.peer().port))
            session.keep(proxy)
            guard case .ipv4(_, let port) = proxy.address else { throw TestBroker.Unavailable("the proxy has no port") }
            session.secure(port: port, try session.trusting()) { result in
                guard let stream = session.value(result, "the handshake") else { return }
                stream.start(
                    TLSStreamProbe(
                        onReceive: { _ in
                            // A record that nobody can decipher: the server answers it with an alert.
                            proxy.inject(toServer: [0x17, 3, 3, 0, 32] + Array(repeating: 7, count: 32))
                        },
                        onClosed: { error, received in
                            session.check.expectEqual(received, [1, 2, 3], "received")
                            if let error { session.expect(error, .refusedByPeer, alert: 20, "the end") }
                            session.check.expect(error != nil, "the stream ended in order")
                            session.finish()
                        }))
                stream.send([1, 2, 3])
                stream.flush()
            }
        },
        .scenario("tls-a-ragged-end-is-an-error-that-says-so") { session in
            try session.expectEnd(of: session.peer(.init(), .cut(after: [1, 2, 3])), [1, 2, 3]) { error in
                session.check.expectEqual(error?.code, .streamLost, "code")
                session.check.expect(error?.reason.contains("close_notify") == true, "\(error as Any)")
            }
        },
    ]

    private static let others: [AdapterCheck] = [
        .scenario("tls-versions-before-1.2-are-refused") { session in
            session.secure(try session.peer(TLSServerOptions(version: .tls11)), try session.trusting()) { result in
                if case .failure(let error) = result {
                    session.expect(error, .versionNotAccepted, "TLS 1.1")
                } else {
                    session.check.fail("TLS 1.1 was accepted")
                }
                session.finish()
            }
        },
        version(.tls12), version(.tls13),
        .scenario("tls-names-are-told-to-the-server-and-addresses-are-not") { session in
            let peer = try session.peer()
            let tls = try session.trusting()
            session.secure(peer, host: "localhost", tls) { result in
                guard let stream = session.value(result, "by name") else { return }
                session.exchange(on: stream) {
                    session.secure(peer, host: "127.0.0.1", tls) { result in
                        guard let stream = session.value(result, "by address") else { return }
                        session.exchange(on: stream) {
                            session.check.expectEqual(peer.serverNames, ["localhost", nil], "server names")
                            session.finish()
                        }
                    }
                }
            }
        },
        .scenario("tls-plain-text-before-the-servers-hello-is-refused") { session in
            let peer = try session.peer(.init(), .plain(Array("AMQP\u{0}\u{0}\u{9}\u{1}".utf8)))
            session.secure(peer, try session.trusting()) { result in
                if case .failure(let error) = result {
                    session.expect(error, .notTLS, "plain text")
                } else {
                    session.check.fail("plain text was taken for TLS")
                }
                session.finish()
            }
        },
        .scenario("tls-a-silent-server-is-given-up-in-time") { session in
            var parameters = session.parameters
            parameters.tls = try session.trusting()
            parameters.port = try session.peer(.init(), .silent).port
            parameters.socketTimeout = .milliseconds(200)
            session.connectExpectingFailure(parameters) { error in
                session.check.expectEqual(error.blame, .deadline, "blame of \(error)")
                session.finish()
            }
        },
        .scenario("tls-a-server-that-speaks-an-older-version-than-asked-for-is-refused") { session in
            var tls = try session.trusting()
            tls.minimumVersion = .tls13
            session.secure(try session.peer(TLSServerOptions(version: .tls12)), tls) { result in
                if case .failure(let error) = result {
                    session.expect(error, .versionNotAccepted, "TLS 1.2")
                } else {
                    session.check.fail("TLS 1.2 was accepted")
                }
                session.finish()
            }
        },
        .scenario("tls-a-handshake-can-be-given-up") { session in
            var parameters = session.parameters
            parameters.tls = try session.trusting()
            parameters.port = try session.peer(.init(), .silent).port
            var failures: [AMQPError.Code] = []
            let connection = Connection(
                parameters, on: session.loop, onOpen: { _ in session.check.fail("the connection opened") },
                onOpenError: { _, error in failures.append(error.code) })
            session.loop.callLater(.milliseconds(50)) {
                connection.close { _ in
                    session.check.expectEqual(failures, [.connectionOpenAborted], "failures")
                    session.finish()
                }
            }
        },
    ]
}

extension TLSPeerScenarios {
    /// A server that speaks one version only.
    fileprivate static func version(_ version: TLSVersion) -> AdapterCheck {
        .scenario("tls-version-\(version.rawValue)-is-spoken") { session in
            session.secure(try session.peer(TLSServerOptions(version: version)), try session.trusting()) { result in
                if let stream = session.value(result, "the handshake") { session.exchange(on: stream) }
            }
        }
    }
}

extension Session {
    /// Sends bytes to a server that sends them back, and closes.
    fileprivate func exchange(on stream: any StreamTransport, then: (() -> Void)? = nil) {
        let bytes = (0 ..< 100_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        let probe = TLSStreamProbe(
            onReceive: { received in if received.count == bytes.count { stream.close() } },
            onClosed: { [self] error, received in
                check.expect(error == nil, "the stream did not close in order: \(error as Any)")
                check.expect(received == bytes, "\(received.count) bytes came back, and not those that were sent")
                if let then { then() } else { finish() }
            })
        stream.start(probe)
        stream.send(ByteSlice(bytes))
        stream.flush()
    }

    /// Lets a server refuse the client: with TLS 1.3 the client hears of that when it is done.
    fileprivate func expectRefusal(by peer: TLSPeer, _ tls: TLSConfiguration, alert: UInt8) {
        secure(peer, tls) { [self] result in
            switch result {
            case .failure(let error):
                expect(error, .refusedByPeer, alert: alert, "refusal")
                finish()
            case .success(let stream):
                stream.start(
                    TLSStreamProbe(onClosed: { [self] error, _ in
                        if let error { expect(error, .refusedByPeer, alert: alert, "refusal") }
                        check.expect(error != nil, "the stream ended in order")
                        finish()
                    }))
            }
        }
    }

    /// Takes what a server sends, and its end.
    fileprivate func expectEnd(of peer: TLSPeer, _ bytes: [UInt8], _ body: @escaping (AMQPError?) -> Void) throws {
        secure(peer, try trusting()) { [self] result in
            guard let stream = value(result, "the handshake") else { return }
            stream.start(
                TLSStreamProbe(onClosed: { [self] error, received in
                    check.expectEqual(received, bytes, "received")
                    body(error)
                    finish()
                }))
        }
    }
}
