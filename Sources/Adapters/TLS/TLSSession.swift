import AMQPConnection
import AMQPProtocol
import COpenSSL

/// One side of a TLS connection in memory: ciphertext goes in and comes out by two small rings (a pair of BIOs), and
/// nothing here knows of streams.
///
/// - Inputs: ``inputMemory``, ``committedInput(_:)``
/// - Steps: ``handshake()``, ``read(into:)``, ``write(_:)``, ``shutdown()``
/// - Output: ``outputByteCount``, ``takeOutput()``, to be taken after each step
final class TLSSession {
    /// What a step of the handshake came to.
    enum Progress {
        case done
        case wantsInput
        case failed(TLSError)
    }

    /// What reading came to.
    enum Input {
        /// So many bytes, and whether reading again gives more, or an end.
        case bytes(Int, isLast: Bool)
        /// A record is not complete yet.
        case nothing
        /// The peer has said that nothing follows.
        case end
        case failed(TLSError)
    }

    /// What writing came to.
    enum Output {
        case bytes(Int)
        /// Something must come from the peer first.
        case wantsInput
        case failed(TLSError)
    }

    /// How much ciphertext may wait to be decrypted, and how much to be taken. A record has at most 16 KiB and a little.
    private static let inputCapacity = 65536
    private static let outputCapacity = 32768

    private let ssl: OpaquePointer
    private let network: OpaquePointer
    private let verifies: Bool
    /// How reading ended, behind bytes that were read before that.
    private var ending: Input?
    /// Whether reading stopped because there was no room for an answer of TLS's own: it goes on once output was taken.
    private(set) var readWantsOutput = false

    /// Makes a client's side.
    convenience init(_ configuration: TLSConfiguration, host: String) throws(TLSError) {
        let context = try TLSContext(configuration)
        ERR_clear_error()
        guard let ssl = SSL_new(context.pointer) else { throw OpenSSLErrors.configuration("OpenSSL") }
        try self.init(adopting: ssl, verifies: configuration.verifiesCertificate)
        SSL_set_connect_state(ssl)
        try expect(PeerName(configuration.serverName ?? host), configuration)
    }

    /// Makes either side of a connection that OpenSSL knows already, and owns it.
    init(adopting ssl: OpaquePointer, verifies: Bool) throws(TLSError) {
        var inner: OpaquePointer?
        var outer: OpaquePointer?
        guard BIO_new_bio_pair(&inner, Self.outputCapacity, &outer, Self.inputCapacity) == 1, let inner, let outer
        else {
            SSL_free(ssl)
            throw OpenSSLErrors.configuration("OpenSSL")
        }
        SSL_set_bio(ssl, inner, inner)
        self.ssl = ssl
        self.verifies = verifies
        network = outer
    }

    deinit {
        SSL_free(ssl)
        BIO_free(network)
    }

    /// Says what the certificate must be for, and tells the peer, if it is a name.
    private func expect(_ name: PeerName, _ configuration: TLSConfiguration) throws(TLSError) {
        let parameters = SSL_get0_param(ssl)
        let isAddress = X509_VERIFY_PARAM_set1_ip_asc(parameters, name.address) == 1
        ERR_clear_error()
        if !isAddress {
            // OpenSSL takes a leading dot for any name below that one.
            guard !name.text.isEmpty, !name.text.hasPrefix(".") else {
                throw TLSError(.configuration, "the server's name is not a host name")
            }
            X509_VERIFY_PARAM_set_hostflags(
                parameters, UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
            guard X509_VERIFY_PARAM_set1_host(parameters, name.text, 0) == 1 else {
                throw OpenSSLErrors.configuration("the server's name")
            }
            if configuration.sendsServerName, ochotona_ssl_set_server_name(ssl, name.text) != 1 {
                throw OpenSSLErrors.configuration("the server's name")
            }
        }
        guard !configuration.verifiesHostname else { return }
        X509_VERIFY_PARAM_set1_host(parameters, nil, 0)
        X509_VERIFY_PARAM_set1_ip(parameters, nil, 0)
    }

    // MARK: Ciphertext

    /// Free memory for ciphertext of the peer's; empty if what came has to be read first.
    var inputMemory: UnsafeMutableRawBufferPointer {
        var start: UnsafeMutablePointer<CChar>?
        let count = BIO_nwrite0(network, &start)
        guard let start, count > 0 else { return UnsafeMutableRawBufferPointer(start: nil, count: 0) }
        // SAFETY: OpenSSL's ring has `count` free bytes there until something is written or read.
        return UnsafeMutableRawBufferPointer(start: start, count: Int(count))
    }

    /// So many bytes were put into ``inputMemory``.
    func committedInput(_ count: Int) {
        var start: UnsafeMutablePointer<CChar>?
        BIO_nwrite(network, &start, Int32(clamping: count))
    }

    /// How much ciphertext waits to be taken.
    var outputByteCount: Int { BIO_ctrl_pending(network) }

    /// The ciphertext for the peer; empty if there is none.
    func takeOutput() -> ByteSlice {
        let count = outputByteCount
        guard count > 0 else { return ByteSlice() }
        let chunk = Chunk(capacity: count)
        let taken = Int(BIO_read(network, chunk.writable(from: 0).baseAddress, Int32(clamping: count)))
        return ByteSlice(chunk: chunk, offset: 0, count: max(taken, 0))
    }

    // MARK: Steps

    /// Goes on with the handshake as far as the input allows.
    func handshake() -> Progress {
        ERR_clear_error()
        let result = SSL_do_handshake(ssl)
        guard result != 1 else { return verified() }
        switch SSL_get_error(ssl, result) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wantsInput
        default: return .failed(OpenSSLErrors.handshake(verification: SSL_get_verify_result(ssl)))
        }
    }

    /// Whether something was verified at all: ciphers without certificates exist.
    private func verified() -> Progress {
        guard verifies else { return .done }
        guard let certificate = SSL_get1_peer_certificate(ssl) else {
            return .failed(TLSError(.certificateMissing, "the peer has shown no certificate"))
        }
        X509_free(certificate)
        let result = SSL_get_verify_result(ssl)
        return result == Int(X509_V_OK) ? .done : .failed(OpenSSLErrors.handshake(verification: result))
    }

    /// Decrypts as much as has come and fits.
    func read(into memory: UnsafeMutableRawBufferPointer) -> Input {
        if let ending { return ending }
        readWantsOutput = false
        var total = 0
        while total < memory.count {
            // SAFETY: OpenSSL writes at most `memory.count - total` bytes, behind the `total` that it has written.
            let rest = UnsafeMutableRawBufferPointer(rebasing: memory[total...])
            ERR_clear_error()
            let count = SSL_read(ssl, rest.baseAddress, Int32(clamping: rest.count))
            if count > 0 {
                total += Int(count)
                continue
            }
            let result = SSL_get_error(ssl, count)
            switch result {
            case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE:
                readWantsOutput = result == SSL_ERROR_WANT_WRITE
                return total > 0 ? .bytes(total, isLast: true) : .nothing
            case SSL_ERROR_ZERO_RETURN: ending = .end
            default: ending = .failed(OpenSSLErrors.stream())
            }
            return total > 0 ? .bytes(total, isLast: false) : ending ?? .end
        }
        return .bytes(total, isLast: false)
    }

    /// Encrypts bytes, one record at most. The output must have been taken before.
    ///
    /// What was refused with ``Output/wantsInput`` is to be offered again, more behind it or not.
    func write(_ bytes: UnsafeRawBufferPointer) -> Output {
        ERR_clear_error()
        let count = SSL_write(ssl, bytes.baseAddress, Int32(clamping: bytes.count))
        if count > 0 { return .bytes(Int(count)) }
        switch SSL_get_error(ssl, count) {
        case SSL_ERROR_WANT_READ, SSL_ERROR_WANT_WRITE: return .wantsInput
        default: return .failed(OpenSSLErrors.stream())
        }
    }

    /// Says that nothing follows (close_notify), once everything is written.
    func shutdown() {
        ERR_clear_error()
        SSL_shutdown(ssl)
        ERR_clear_error()
    }
}

@available(*, unavailable)
extension TLSSession: Sendable {}
