/// What went wrong with TLS; the underlying error of an ``AMQPError`` of the codes ``AMQPError/Code/tlsFailed``,
/// ``AMQPError/Code/peerCertificateRefused`` and ``AMQPError/Code/tlsConfigurationInvalid``.
public struct TLSError: Error, Sendable, Hashable {
    /// What kind of problem it was. New ones may be added; a `switch` over them needs a `default`.
    public struct Problem: Sendable, Hashable {
        private enum Value: String, Sendable, Hashable {
            case configuration
            case certificateExpired
            case certificateNotYetValid
            case certificateForAnotherHost
            case certificateUntrusted
            case certificateSelfSigned
            case certificateRevoked
            case certificateMissing
            case certificateInvalid
            case notTLS
            case versionNotAccepted
            case refusedByPeer
            case handshakeFailed
            case recordInvalid
        }

        private let value: Value

        /// A file, certificate, key, password or cipher list of the configuration cannot be used.
        public static let configuration = Problem(value: .configuration)
        /// The peer's certificate, or one that leads to its authority, has expired.
        public static let certificateExpired = Problem(value: .certificateExpired)
        /// The peer's certificate, or one that leads to its authority, is not valid yet.
        public static let certificateNotYetValid = Problem(value: .certificateNotYetValid)
        /// The peer's certificate does not name the host.
        public static let certificateForAnotherHost = Problem(value: .certificateForAnotherHost)
        /// No trusted authority stands behind the peer's certificate.
        public static let certificateUntrusted = Problem(value: .certificateUntrusted)
        /// The peer's certificate was issued by itself, and is not trusted.
        public static let certificateSelfSigned = Problem(value: .certificateSelfSigned)
        /// The peer's certificate was revoked.
        public static let certificateRevoked = Problem(value: .certificateRevoked)
        /// The peer has shown no certificate.
        public static let certificateMissing = Problem(value: .certificateMissing)
        /// The peer's certificate is refused for another reason, which is in the text.
        public static let certificateInvalid = Problem(value: .certificateInvalid)
        /// What the peer answered is not TLS.
        public static let notTLS = Problem(value: .notTLS)
        /// There is no version of TLS that both sides accept.
        public static let versionNotAccepted = Problem(value: .versionNotAccepted)
        /// The peer refused; ``TLSError/alert`` says why, for example that it wants a certificate of the client's.
        public static let refusedByPeer = Problem(value: .refusedByPeer)
        /// The two sides could not agree, for a reason that is in the text.
        public static let handshakeFailed = Problem(value: .handshakeFailed)
        /// Something came that is not what the peer had sent, or is not TLS.
        public static let recordInvalid = Problem(value: .recordInvalid)

        /// Whether the peer's certificate is the problem.
        public var isCertificate: Bool { value.rawValue.hasPrefix("certificate") }
    }

    /// What kind of problem it was.
    public var problem: Problem
    /// The reason in the words of the TLS library.
    public var text: String
    /// The alert that the peer sent (RFC 8446, section 6), if it did.
    public var alert: UInt8?

    /// An error with a text, and the alert that the peer sent, if it sent one.
    public init(_ problem: Problem, _ text: String, alert: UInt8? = nil) {
        self.problem = problem
        self.text = text
        self.alert = alert
    }
}

extension TLSError.Problem: CustomStringConvertible {
    /// The problem's name.
    public var description: String { value.rawValue }
}

extension TLSError: CustomStringConvertible {
    /// The problem, the library's words, and the alert.
    public var description: String { "\(problem): \(text)\(alert.map { " (alert \($0))" } ?? "")" }
}

extension AMQPError {
    /// The error for a problem with TLS; for loops that secure streams.
    ///
    /// - Parameter doing: what was being done, such as `the TLS handshake with 127.0.0.1:5671`.
    public init(_ error: TLSError, doing: String, file: String = #fileID, line: Int = #line) {
        let code: Code =
            error.problem == .configuration
            ? .tlsConfigurationInvalid : error.problem.isCertificate ? .peerCertificateRefused : .tlsFailed
        self.init(
            code, blame: error.problem == .configuration ? .application : .peer, "\(doing) failed", underlying: error,
            file: file, line: line)
    }
}
