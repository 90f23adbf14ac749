import AMQPConnection
import COpenSSL

/// What a ``TLSConfiguration`` comes to in OpenSSL: trust, versions, ciphers, and the client's certificate.
final class TLSContext {
    let pointer: OpaquePointer

    /// Reads the files of a configuration.
    init(_ configuration: TLSConfiguration) throws(TLSError) {
        ERR_clear_error()
        guard let pointer = SSL_CTX_new(TLS_client_method()) else { throw OpenSSLErrors.configuration("OpenSSL") }
        self.pointer = pointer
        ochotona_ssl_set_modes(pointer)
        // What the program asked for by name is not to fail at the library's own policy.
        if configuration.minimumVersion < .tls12 { SSL_CTX_set_security_level(pointer, 0) }
        let newest = configuration.maximumVersion.map(TLSContext.number) ?? 0
        guard ochotona_ssl_set_versions(pointer, TLSContext.number(configuration.minimumVersion), newest) == 1 else {
            throw OpenSSLErrors.configuration("minimumVersion, maximumVersion")
        }
        if let ciphers = configuration.cipherList, SSL_CTX_set_cipher_list(pointer, ciphers) != 1 {
            throw OpenSSLErrors.configuration("cipherList")
        }
        SSL_CTX_set_verify(pointer, configuration.verifiesCertificate ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nil)
        if configuration.verifiesCertificate { try trust(configuration) }
        try show(configuration)
    }

    deinit {
        SSL_CTX_free(pointer)
    }

    private static func number(_ version: TLSVersion) -> Int32 {
        switch version {
        case .tls10: TLS1_VERSION
        case .tls11: TLS1_1_VERSION
        case .tls12: TLS1_2_VERSION
        case .tls13: TLS1_3_VERSION
        }
    }

    // MARK: Whom to trust

    private func trust(_ configuration: TLSConfiguration) throws(TLSError) {
        let isChosen =
            configuration.authorityFile != nil || configuration.authorityFolder != nil
            || configuration.authorityPEM != nil
        guard isChosen else {
            guard SSL_CTX_set_default_verify_paths(pointer) == 1 else {
                throw OpenSSLErrors.configuration("the system's authorities")
            }
            return
        }
        if let file = configuration.authorityFile, SSL_CTX_load_verify_file(pointer, file) != 1 {
            throw OpenSSLErrors.configuration("authorityFile \(file)")
        }
        if let folder = configuration.authorityFolder {
            guard ochotona_is_folder(folder) == 1, SSL_CTX_load_verify_dir(pointer, folder) == 1 else {
                throw OpenSSLErrors.configuration("authorityFolder \(folder)")
            }
        }
        guard let text = configuration.authorityPEM else { return }
        let source = try PEMSource(text: text, name: "authorityPEM")
        let certificates = try source.certificates()
        defer { for certificate in certificates { X509_free(certificate) } }
        for certificate in certificates where X509_STORE_add_cert(SSL_CTX_get_cert_store(pointer), certificate) != 1 {
            throw OpenSSLErrors.configuration("authorityPEM")
        }
    }

    // MARK: What to show

    private func show(_ configuration: TLSConfiguration) throws(TLSError) {
        let source: PEMSource
        if let file = configuration.certificateFile {
            source = try PEMSource(file: file, name: "certificateFile \(file)")
        } else if let text = configuration.certificatePEM {
            source = try PEMSource(text: text, name: "certificatePEM")
        } else {
            return
        }
        try show(chain: try source.certificates(), source.name)
        let keySource: PEMSource
        if let file = configuration.keyFile {
            keySource = try PEMSource(file: file, name: "keyFile \(file)")
        } else if let text = configuration.keyPEM {
            keySource = try PEMSource(text: text, name: "keyPEM")
        } else if let file = configuration.certificateFile {
            keySource = try PEMSource(file: file, name: "the key in certificateFile \(file)")
        } else {
            keySource = try PEMSource(text: configuration.certificatePEM ?? "", name: "the key in certificatePEM")
        }
        let key = try keySource.privateKey(password: configuration.keyPassword)
        defer { EVP_PKEY_free(key) }
        guard SSL_CTX_use_PrivateKey(pointer, key) == 1, SSL_CTX_check_private_key(pointer) == 1 else {
            throw OpenSSLErrors.configuration(keySource.name)
        }
    }

    private func show(chain: [OpaquePointer], _ name: String) throws(TLSError) {
        var rest = chain[...]
        defer { for certificate in rest { X509_free(certificate) } }
        if let own = rest.first {
            guard SSL_CTX_use_certificate(pointer, own) == 1 else { throw OpenSSLErrors.configuration(name) }
            X509_free(own)
            rest.removeFirst()
        }
        while let next = rest.first {
            guard ochotona_ssl_add_chain_certificate(pointer, next) == 1 else {
                throw OpenSSLErrors.configuration(name)
            }
            rest.removeFirst()
        }
    }
}
