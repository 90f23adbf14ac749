import AMQPConnection
import COpenSSL

/// Turns OpenSSL's errors into ours. Its list of errors belongs to the thread, so it is emptied before each call.
enum OpenSSLErrors {
    /// The error for a part of a configuration that OpenSSL does not take.
    static func configuration(_ part: String) -> TLSError {
        let error = ERR_peek_error()
        ERR_clear_error()
        return TLSError(.configuration, "\(part): \(error == 0 ? "it cannot be used" : text(error))")
    }

    /// The error for a handshake that failed.
    ///
    /// - Parameter verification: what came out of the verification of the peer's certificate.
    static func handshake(verification: Int) -> TLSError {
        if verification != Int(X509_V_OK) {
            ERR_clear_error()
            return certificate(verification)
        }
        let error = ERR_peek_error()
        ERR_clear_error()
        if let alert = UInt8(exactly: ochotona_ssl_alert(error)) {
            let isVersion = alert == UInt8(SSL_AD_PROTOCOL_VERSION)
            return TLSError(isVersion ? .versionNotAccepted : .refusedByPeer, text(error), alert: alert)
        }
        switch ochotona_ssl_reason(error) {
        case SSL_R_WRONG_VERSION_NUMBER:
            return TLSError(.notTLS, text(error))
        case SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_WRONG_SSL_VERSION, SSL_R_VERSION_TOO_LOW, SSL_R_VERSION_TOO_HIGH,
            SSL_R_INAPPROPRIATE_FALLBACK:
            return TLSError(.versionNotAccepted, text(error))
        default:
            return TLSError(.handshakeFailed, text(error))
        }
    }

    /// The error for a stream that was open.
    static func stream() -> TLSError {
        let error = ERR_peek_error()
        ERR_clear_error()
        if let alert = UInt8(exactly: ochotona_ssl_alert(error)) {
            return TLSError(.refusedByPeer, text(error), alert: alert)
        }
        return TLSError(.recordInvalid, text(error))
    }

    private static func text(_ error: UInt) -> String {
        guard let reason = ERR_reason_error_string(error) else {
            return error == 0 ? "unknown error" : "error \(error)"
        }
        return String(cString: reason)
    }

    private static func certificate(_ result: Int) -> TLSError {
        let text = X509_verify_cert_error_string(result).map { String(cString: $0) } ?? "error \(result)"
        let problem: TLSError.Problem
        switch Int32(truncatingIfNeeded: result) {
        case X509_V_ERR_CERT_HAS_EXPIRED: problem = .certificateExpired
        case X509_V_ERR_CERT_NOT_YET_VALID: problem = .certificateNotYetValid
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH: problem = .certificateForAnotherHost
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: problem = .certificateSelfSigned
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT,
            X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE,
            X509_V_ERR_CERT_UNTRUSTED, X509_V_ERR_INVALID_CA:
            problem = .certificateUntrusted
        case X509_V_ERR_CERT_REVOKED: problem = .certificateRevoked
        default: problem = .certificateInvalid
        }
        return TLSError(problem, text)
    }
}
