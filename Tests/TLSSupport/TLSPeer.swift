import AMQPConnection
import COpenSSL
import Foundation

/// A server on a port of loopback, on a thread of its own: it speaks TLS, or something else.
///
/// It serves one connection after the other until it is closed.
public final class TLSPeer: Sendable {
    /// What it does with a connection.
    public enum Behaviour: Sendable {
        /// Sends back what comes, until the client says that nothing follows.
        case echo
        /// Sends bytes, and cuts the stream without saying so in TLS.
        case cut(after: [UInt8])
        /// Sends bytes, and says in TLS that nothing follows.
        case end(after: [UInt8])
        /// Sends bytes in plain text, and nothing else.
        case plain([UInt8])
        /// Sends nothing at all.
        case silent
    }

    /// Something of the system's did not work.
    public struct Failed: Error {
        public let step: String
    }

    private struct State: Sendable {
        var connection: Int32?
        var serverNames: [String?] = []
        var isClosed = false
    }

    /// The port of 127.0.0.1.
    public let port: UInt16
    private let listener: Int32
    private let state = Guarded(State())

    /// Listens, and begins to serve.
    public init(_ options: TLSServerOptions = TLSServerOptions(), _ behaviour: Behaviour = .echo) throws {
        _ = try TestCertificates.path("server.pem")
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        // SAFETY: the address is as long as `length` says, and lives during the calls.
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard listener >= 0, isBound else { throw Failed(step: "listen") }
        port = UInt16(bigEndian: address.sin_port)
        self.listener = listener
        Thread { self.serve(options, behaviour) }.start()
    }

    /// The names that clients asked for, one for each handshake that succeeded; `nil` for none.
    public var serverNames: [String?] { state.withLock { $0.serverNames } }

    /// Whether somebody is connected.
    public var isConnected: Bool { state.withLock { $0.connection != nil } }

    /// Ends the connection and the listener; whoever is waiting on them goes on.
    public func close() {
        state.withLock { state in
            state.isClosed = true
            if let connection = state.connection { shutdown(connection, Int32(SHUT_RDWR)) }
            shutdown(listener, Int32(SHUT_RDWR))
        }
    }

    private func serve(_ options: TLSServerOptions, _ behaviour: Behaviour) {
        // OpenSSL writes in the way that raises a signal; it is blocked for this thread only.
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
        while true {
            let connection = accept(listener, nil, nil)
            let goesOn = state.withLock { state in
                if connection >= 0 { state.connection = connection }
                return connection >= 0 && !state.isClosed
            }
            if goesOn { serve(connection, options, behaviour) }
            state.withLock { state in
                state.connection = nil
                if connection >= 0 { Glibc.close(connection) }
            }
            guard goesOn else { break }
        }
        Glibc.close(listener)
    }

    private func serve(_ connection: Int32, _ options: TLSServerOptions, _ behaviour: Behaviour) {
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(connection, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var memory = [UInt8](repeating: 0, count: 16384)
        switch behaviour {
        case .silent: while read(connection, &memory, memory.count) > 0 {}
        case .plain(let bytes):
            send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
            while read(connection, &memory, memory.count) > 0 {}
        case .echo, .cut, .end: serveTLS(connection, options, behaviour)
        }
    }

    private func serveTLS(_ connection: Int32, _ options: TLSServerOptions, _ behaviour: Behaviour) {
        guard let ssl = try? TLSServer.make(options) else { return }
        defer {
            SSL_free(ssl)
            ERR_clear_error()
        }
        guard SSL_set_fd(ssl, connection) == 1, SSL_accept(ssl) == 1 else { return }
        state.withLock { $0.serverNames.append(TLSServer.serverName(ssl)) }
        var memory = [UInt8](repeating: 0, count: 16384)
        switch behaviour {
        case .echo:
            while true {
                let count = SSL_read(ssl, &memory, Int32(memory.count))
                guard count > 0, SSL_write(ssl, memory, count) == count else { break }
            }
            SSL_shutdown(ssl)
        case .cut(let bytes): SSL_write(ssl, bytes, Int32(bytes.count))
        case .end(let bytes):
            SSL_write(ssl, bytes, Int32(bytes.count))
            SSL_shutdown(ssl)
        case .plain, .silent: break
        }
    }
}
