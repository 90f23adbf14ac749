public import AMQPConnection

/// How a server for tests behaves.
public struct TLSServerOptions: Sendable {
    /// Which of the certificates it shows; see `Scripts/certificates`.
    public var certificate: String
    /// Whether it wants a certificate of the client's, issued by the authority.
    public var wantsCertificate: Bool
    /// The only version that it speaks; `nil` for any.
    public var version: TLSVersion?

    public init(certificate: String = "server", wantsCertificate: Bool = false, version: TLSVersion? = nil) {
        self.certificate = certificate
        self.wantsCertificate = wantsCertificate
        self.version = version
    }
}
