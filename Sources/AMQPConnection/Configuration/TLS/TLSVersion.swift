/// A version of the TLS protocol.
public enum TLSVersion: String, Sendable, Hashable, CaseIterable, Comparable {
    /// TLS 1.0 (RFC 2246), insecure; only by ``TLSConfiguration/insecurelyAllowing(minimumVersion:)``.
    case tls10 = "1.0"
    /// TLS 1.1 (RFC 4346), insecure; only by ``TLSConfiguration/insecurelyAllowing(minimumVersion:)``.
    case tls11 = "1.1"
    /// TLS 1.2 (RFC 5246).
    case tls12 = "1.2"
    /// TLS 1.3 (RFC 8446).
    case tls13 = "1.3"

    public static func < (left: TLSVersion, right: TLSVersion) -> Bool {
        left.rawValue < right.rawValue
    }
}

extension TLSVersion: CustomStringConvertible {
    /// The version as people write it, such as `TLS 1.2`.
    public var description: String { "TLS \(rawValue)" }
}
