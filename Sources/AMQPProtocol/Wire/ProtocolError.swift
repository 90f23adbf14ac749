/// Bytes from the peer that are not AMQP 0-9-1: what was wrong, where, and what was expected.
///
/// Whoever decodes a stream treats it as terminal: nothing behind the faulty bytes is decoded any more.
public struct ProtocolError: Error, Sendable, Hashable {
    /// What kind of rule was broken.
    public enum Kind: Sendable, Hashable {
        /// The stream does not open with AMQP 0-9-1; the peer's bytes are given in ``ProtocolError/reason``.
        case notAMQP
        /// A frame type that does not exist, or a frame that does not end with 0xCE (reply code 501).
        case frame
        /// A frame larger than was negotiated, or smaller than its type needs (reply code 501).
        case frameSize
        /// A field that is malformed: it reaches over its frame, is not UTF-8, or has an unknown type (502).
        case syntax
        /// A class or method that does not exist (reply code 503).
        case unknownMethod
        /// A frame that must not come here: content out of order, a wrong channel (reply code 504 or 505).
        case unexpectedFrame
        /// A body that is longer than announced (reply code 501).
        case bodySize
        /// A message that is larger than the program accepts (reply code 311).
        case messageSize
    }

    /// What kind of rule was broken.
    public var kind: Kind
    /// The reply code that the specification gives to this offence.
    public var replyCode: UInt16
    /// The method in whose bytes the error is, if it is in a method.
    public var method: MethodID?
    /// The channel of the frame, if the error is in a frame whose header could be read.
    public var channel: UInt16?
    /// Where the error is: bytes from the start of the frame's payload, or of the value when one is decoded by itself.
    public var offset: Int
    /// What was found and what was expected.
    public var reason: String

    /// An error of a kind; the reply code is the kind's unless another is given.
    public init(
        _ kind: Kind, replyCode: UInt16? = nil, method: MethodID? = nil, channel: UInt16? = nil, offset: Int = 0,
        reason: String
    ) {
        self.kind = kind
        self.replyCode = replyCode ?? kind.replyCode
        self.method = method
        self.channel = channel
        self.offset = offset
        self.reason = reason
    }
}

extension ProtocolError.Kind {
    /// The reply code that the specification (1.1) gives to this kind of offence.
    public var replyCode: UInt16 {
        switch self {
        case .notAMQP, .frame, .frameSize, .bodySize: 501
        case .syntax: 502
        case .unknownMethod: 503
        case .unexpectedFrame: 505
        case .messageSize: 311
        }
    }
}

extension ProtocolError: CustomStringConvertible {
    public var description: String {
        var text = "\(reason) (code \(replyCode)"
        if let method { text += ", method \(method)" }
        if let channel { text += ", channel \(channel)" }
        return text + ", offset \(offset))"
    }
}
