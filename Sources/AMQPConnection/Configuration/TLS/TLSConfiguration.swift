/// How a connection is secured by TLS; the defaults verify everything.
///
/// The broker's certificate must be issued by an authority that is trusted, be valid now, and name the host in its subject
/// alternative names (RFC 6125; the common name does not count, an IP address must be there as one). TLS 1.2 is the
/// oldest version that is spoken.
///
/// Files are read on the loop's thread each time that a connection is made, so that a certificate that was renewed is
/// used by the next one. These are plain values: what cannot be used is reported when a connection is made.
public struct TLSConfiguration: Sendable, Hashable {
    /// A file of PEM certificates whose issuers are trusted. Default: `nil`.
    ///
    /// The system's authorities are trusted if this, ``authorityFolder`` and ``authorityPEM`` are all `nil`, and only then.
    public var authorityFile: String?
    /// A folder of PEM certificates that are trusted, named by their hashes (`openssl rehash`). Default: `nil`.
    public var authorityFolder: String?
    /// PEM certificates that are trusted, as text. Default: `nil`.
    public var authorityPEM: String?

    /// The client's own certificate, followed by those that lead to its authority: a PEM file. Default: `nil`, none.
    public var certificateFile: String?
    /// The same as text, in place of ``certificateFile``. Default: `nil`.
    public var certificatePEM: String?
    /// The certificate's private key: a PEM file. Default: `nil`, it is where the certificate is.
    public var keyFile: String?
    /// The same as text, in place of ``keyFile``; it never shows in a description. Default: `nil`.
    public var keyPEM: String?
    /// What the private key is encrypted with, 1023 bytes at most; it never shows in a description. Default: `nil`.
    public var keyPassword: String?

    /// The name or address that the certificate must be for, in place of the host. Default: `nil`.
    public var serverName: String?
    /// Whether the broker is told the name that it was asked for (server name indication, RFC 6066); it never is told an
    /// address. The certificate is verified in any case. Default: `true`.
    public var sendsServerName = true

    /// The oldest version that is accepted: 1.2 or 1.3. Default: 1.2.
    public var minimumVersion = TLSVersion.tls12
    /// The newest version that is offered. Default: `nil`, the newest that there is.
    public var maximumVersion: TLSVersion?
    /// The cipher suites up to TLS 1.2, in OpenSSL's notation, without commands (`@`). Default: `nil`, OpenSSL's own.
    public var cipherList: String?

    /// Whether the certificate is verified at all. Default: `true`.
    public private(set) var verifiesCertificate = true
    /// Whether the certificate must name the host. Default: `true`.
    public private(set) var verifiesHostname = true
    /// Whether versions before 1.2 were asked for by name. Default: `false`.
    public private(set) var allowsInsecureVersions = false

    /// The system's authorities, no certificate of the client's, everything verified.
    public init() {}

    /// The same, with a certificate for any host accepted if its issuer is trusted.
    ///
    /// Whoever has any certificate of that issuer can then read and change everything.
    public func insecurelySkippingHostnameVerification() -> TLSConfiguration {
        var copy = self
        copy.verifiesHostname = false
        return copy
    }

    /// The same, with any certificate accepted.
    ///
    /// Whoever sits on the way to the broker can then read and change everything.
    public func insecurelySkippingVerification() -> TLSConfiguration {
        var copy = self
        copy.verifiesCertificate = false
        copy.verifiesHostname = false
        return copy
    }

    /// The same, with a minimum that may be older than TLS 1.2. The ciphers of those versions are broken, and signatures
    /// by SHA-1 are accepted.
    public func insecurelyAllowing(minimumVersion: TLSVersion) -> TLSConfiguration {
        var copy = self
        copy.minimumVersion = minimumVersion
        copy.allowsInsecureVersions = true
        return copy
    }

    /// Checks every value; no file is opened.
    ///
    /// - Throws: ``AMQPError`` with the code ``AMQPError/Code/invalidArgument``, naming the value, never showing it.
    public func validate() throws(AMQPError) {
        let texts = [
            ("authorityFile", authorityFile), ("authorityFolder", authorityFolder),
            ("certificateFile", certificateFile),
            ("keyFile", keyFile), ("keyPassword", keyPassword), ("serverName", serverName), ("cipherList", cipherList),
        ]
        for case (let name, let text?) in texts {
            try require(!text.isEmpty, "\(name) is empty")
            try require(!ControlCharacters.occur(in: text), "\(name) contains a control character")
        }
        for case (let name, let text?) in [
            ("authorityPEM", authorityPEM), ("certificatePEM", certificatePEM), ("keyPEM", keyPEM),
        ] {
            try require(text.utf8.contains(UInt8(ascii: "-")) && !text.utf8.contains(0), "\(name) is not PEM")
        }
        try require(
            certificateFile == nil || certificatePEM == nil, "certificateFile and certificatePEM exclude each other")
        try require(keyFile == nil || keyPEM == nil, "keyFile and keyPEM exclude each other")
        let hasCertificate = certificateFile != nil || certificatePEM != nil
        try require(hasCertificate || (keyFile == nil && keyPEM == nil), "a key is given, and no certificate")
        try require(hasCertificate || keyPassword == nil, "keyPassword is given, and no certificate")
        try require((keyPassword?.utf8.count ?? 0) <= 1023, "keyPassword is longer than 1023 bytes")
        try require(
            minimumVersion >= .tls12 || allowsInsecureVersions,
            "minimumVersion is \(minimumVersion); before 1.2 it takes insecurelyAllowing(minimumVersion:)")
        try require(
            (maximumVersion ?? .tls13) >= minimumVersion, "maximumVersion is older than minimumVersion")
        try require(
            !(cipherList ?? "").utf8.contains(UInt8(ascii: "@")),
            "cipherList contains a command (@); ciphers are expected")
    }

    private func require(_ condition: Bool, _ reason: @autoclosure () -> String) throws(AMQPError) {
        guard condition else { throw AMQPError(.invalidArgument, blame: .application, "tls.\(reason())") }
    }
}
