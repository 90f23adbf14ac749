import COpenSSL
import AMQPConnection

/// The server's side of OpenSSL, which the library does not need.
public enum TLSServer {
    /// OpenSSL did not take something.
    public struct Failed: Error {
        public let step: String
    }

    /// Makes a connection of OpenSSL's that waits for a client's hello; it is the caller's to free.
    public static func make(_ options: TLSServerOptions) throws -> OpaquePointer {
        guard let context = SSL_CTX_new(TLS_server_method()) else { throw Failed(step: "context") }
        defer { SSL_CTX_free(context) }
        if let version = options.version {
            if version < .tls12 { SSL_CTX_set_security_level(context, 0) }
            let number = [TLSVersion.tls10: TLS1_VERSION, .tls11: TLS1_1_VERSION, .tls12: TLS1_2_VERSION][version]
            guard ochotona_ssl_set_versions(context, number ?? TLS1_3_VERSION, number ?? TLS1_3_VERSION) == 1 else {
                throw Failed(step: "version")
            }
        }
        let certificate = try TestCertificates.path("\(options.certificate).pem")
        let key = try TestCertificates.path("server.key")
        guard SSL_CTX_use_certificate_chain_file(context, certificate) == 1,
            SSL_CTX_use_PrivateKey_file(context, key, SSL_FILETYPE_PEM) == 1
        else { throw Failed(step: "certificate") }
        if options.wantsCertificate {
            guard SSL_CTX_load_verify_file(context, try TestCertificates.path("authority.pem")) == 1 else {
                throw Failed(step: "authority")
            }
            SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
        }
        guard let ssl = SSL_new(context) else { throw Failed(step: "connection") }
        SSL_set_accept_state(ssl)
        return ssl
    }

    /// The name that the client asked for; `nil` if it named none.
    public static func serverName(_ ssl: OpaquePointer) -> String? {
        SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) }
    }
}
