import AMQPConnection
import COpenSSL

/// Certificates and keys in PEM, in a file or in a text.
final class PEMSource {
    /// What errors call it.
    let name: String
    private let bio: OpaquePointer

    init(file: String, name: String) throws(TLSError) {
        ERR_clear_error()
        guard let bio = BIO_new_file(file, "r") else { throw OpenSSLErrors.configuration(name) }
        self.bio = bio
        self.name = name
    }

    init(text: String, name: String) throws(TLSError) {
        ERR_clear_error()
        let bytes = Array(text.utf8)
        // A BIO of memory that it does not own would have to be kept alive; it gets a copy.
        guard let bio = BIO_new(BIO_s_mem()) else { throw OpenSSLErrors.configuration(name) }
        self.bio = bio
        self.name = name
        guard BIO_write(bio, bytes, Int32(clamping: bytes.count)) == bytes.count else {
            throw OpenSSLErrors.configuration(name)
        }
    }

    deinit {
        BIO_free(bio)
    }

    /// All certificates, one at least; they are the caller's to free.
    func certificates() throws(TLSError) -> [OpaquePointer] {
        var certificates: [OpaquePointer] = []
        // SAFETY: the empty text, which stays in place during the calls, is the password: without one OpenSSL would ask
        // for it on the terminal.
        let error = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 1) { empty -> UInt in
            empty.initialize(repeating: 0)
            while let certificate = PEM_read_bio_X509(bio, nil, nil, empty.baseAddress) {
                certificates.append(certificate)
            }
            return ERR_peek_last_error()
        }
        guard !certificates.isEmpty, ochotona_is_end_of_pem(error) == 1 else {
            for certificate in certificates { X509_free(certificate) }
            throw OpenSSLErrors.configuration(name)
        }
        ERR_clear_error()
        return certificates
    }

    /// The first private key; it is the caller's to free.
    func privateKey(password: String?) throws(TLSError) -> OpaquePointer {
        ERR_clear_error()
        var text = (password ?? "").utf8.map { CChar(bitPattern: $0) } + [0]
        // SAFETY: OpenSSL reads the password, which ends with a zero, during the call only.
        let key = text.withUnsafeMutableBytes { PEM_read_bio_PrivateKey(bio, nil, nil, $0.baseAddress) }
        guard let key else { throw OpenSSLErrors.configuration(name) }
        return key
    }
}
