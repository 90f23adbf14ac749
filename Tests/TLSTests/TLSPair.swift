import AMQPConnection
import AdapterKit
import COpenSSL
import TLSSupport

@testable import AMQPTLS

/// A client and a server face to face, over a stream in memory and a virtual clock.
final class TLSPair {
    let loop = VirtualLoop()
    let pipe: MemoryPipe
    let client: TLSTransport
    let server: TLSTransport
    /// The server's OpenSSL; the server's session owns it.
    let serverSSL: OpaquePointer
    let clientProbe = TLSProbe()
    let serverProbe = TLSProbe()
    /// What the handshakes came to, the client's and the server's.
    private(set) var clientOutcomes: [AMQPError?] = []
    private(set) var serverOutcomes: [AMQPError?] = []
    /// Called when the client's handshake is over.
    var onClientReady: () -> Void = {}
    /// Whether the sides are started as soon as the handshake is over.
    var startsAtOnce = true

    init(
        _ configuration: TLSConfiguration? = nil, host: String = "localhost", server options: TLSServerOptions = .init()
    ) throws {
        pipe = MemoryPipe(on: loop)
        serverSSL = try TLSServer.make(options)
        let trusting = try TLSPair.trusting()
        client = TLSTransport(pipe.client, try TLSSession(configuration ?? trusting, host: host), on: loop)
        server = TLSTransport(pipe.server, try TLSSession(adopting: serverSSL, verifies: false), on: loop)
    }

    /// The configuration that trusts the tests' authority.
    static func trusting() throws -> TLSConfiguration {
        var configuration = TLSConfiguration()
        configuration.authorityFile = try TestCertificates.path("authority.pem")
        return configuration
    }

    /// Begins to shake hands on both sides.
    func begin() {
        client.shakeHands { [self] error in
            clientOutcomes.append(error)
            if startsAtOnce, error == nil { client.start(clientProbe) }
            onClientReady()
        }
        server.shakeHands { [self] error in
            serverOutcomes.append(error)
            if startsAtOnce, error == nil { server.start(serverProbe) }
        }
    }

    /// Shakes hands and lets everything settle.
    func open() {
        begin()
        loop.settle()
    }

    /// The problem that ended the client's handshake.
    var clientProblem: TLSError.Problem? { (clientOutcomes.last??.underlying as? TLSError)?.problem }

    func send(_ bytes: [UInt8], from transport: TLSTransport) {
        transport.send(ByteSlice(bytes))
        transport.flush()
    }

    /// Bytes that are all different from their neighbours.
    static func pattern(_ count: Int) -> [UInt8] {
        (0 ..< count).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    }
}
