import AMQPConnection
import AdapterKit
import BrokerSupport
import TLSSupport

extension Session {
    /// The configuration that trusts the authority of `Scripts/certificates`' that the peers here show.
    func trusting() throws -> TLSConfiguration {
        var tls = TLSConfiguration()
        tls.authorityFile = try TestCertificates.path("authority.pem")
        return tls
    }

    /// A server for this scenario.
    func peer(
        _ options: TLSServerOptions = TLSServerOptions(), _ behaviour: TLSPeer.Behaviour = .echo
    ) throws -> TLSPeer {
        let peer = try TLSPeer(options, behaviour)
        keep(PeerKeeper(peer))
        return peer
    }

    /// Connects to a server and puts TLS around the stream.
    func secure(
        _ peer: TLSPeer, host: String = "localhost", _ tls: TLSConfiguration,
        _ completion: @escaping (Result<any StreamTransport, AMQPError>) -> Void
    ) {
        secure(port: peer.port, host: host, tls, completion)
    }

    /// Connects to a port of 127.0.0.1 and puts TLS around the stream.
    func secure(
        port: UInt16, host: String = "localhost", _ tls: TLSConfiguration,
        _ completion: @escaping (Result<any StreamTransport, AMQPError>) -> Void
    ) {
        _ = loop.connect(to: .ipv4(0x7F00_0001, port: port), options: SocketOptions()) { [self] result in
            guard let stream = value(result, "connect") else { return }
            _ = loop.secure(stream, host: host, tls, completion)
        }
    }

    /// What an error must say about TLS.
    func expect(_ error: AMQPError, _ problem: TLSError.Problem, alert: UInt8? = nil, _ what: String) {
        let found = error.underlying as? TLSError
        let code: AMQPError.Code = problem.isCertificate ? .peerCertificateRefused : .tlsFailed
        check.expectEqual(error.code, code, "\(what): code of \(error)")
        check.expectEqual(found?.problem, problem, "\(what): problem of \(error)")
        if let alert { check.expectEqual(found?.alert, alert, "\(what): alert") }
    }
}

/// Closes a server when the scenario that keeps it is over.
private final class PeerKeeper {
    private let peer: TLSPeer

    init(_ peer: TLSPeer) { self.peer = peer }

    deinit { peer.close() }
}

/// Records what a secured stream tells, and goes on when something is there.
final class TLSStreamProbe: StreamHandler {
    private(set) var received: [UInt8] = []
    private let onReceive: ([UInt8]) -> Void
    private let onClosed: (AMQPError?, [UInt8]) -> Void

    init(onReceive: @escaping ([UInt8]) -> Void = { _ in }, onClosed: @escaping (AMQPError?, [UInt8]) -> Void) {
        self.onReceive = onReceive
        self.onClosed = onClosed
    }

    func streamReadable(_ read: (UnsafeMutableRawBufferPointer) -> Int) {
        let count = withUnsafeTemporaryAllocation(byteCount: 16384, alignment: 1) { memory in
            let count = read(memory)
            received += memory[..<count]
            return count
        }
        if count > 0 { onReceive(received) }
    }

    func streamReceived(_ bytes: UnsafeRawBufferPointer) {
        received += bytes
        onReceive(received)
    }

    func streamSent(_ byteCount: Int) {}

    func streamClosed(_ error: AMQPError?) { onClosed(error, received) }
}
