public import AMQPProtocol

/// The one error of this library: what happened, who is to blame, and what the broker said.
///
/// No description of it ever contains a password.
public struct AMQPError: Error, Sendable {
    /// Who is to blame, which is also who can mend it.
    public enum Blame: Sendable, Hashable {
        /// The broker, or whatever speaks in its place.
        case peer
        /// The program that uses this library.
        case application
        /// The network or the operating system.
        case transport
        /// Nobody answered in time.
        case deadline
    }

    private final class Storage: Sendable {
        let code: Code
        let blame: Blame
        let reason: String
        let replyCode: UInt16?
        let replyText: String?
        let method: MethodID?
        let underlying: (any Error)?
        let connectionFailures: [ConnectionFailure]
        let file: String
        let line: Int
        let recentFrames: [RecentFrame]

        init(
            code: Code, blame: Blame, reason: String, replyCode: UInt16?, replyText: String?, method: MethodID?,
            underlying: (any Error)?, connectionFailures: [ConnectionFailure] = [], file: String, line: Int,
            recentFrames: [RecentFrame] = []
        ) {
            self.code = code
            self.blame = blame
            self.reason = reason
            self.replyCode = replyCode
            self.replyText = replyText
            self.method = method
            self.underlying = underlying
            self.connectionFailures = connectionFailures
            self.file = file
            self.line = line
            self.recentFrames = recentFrames
        }
    }

    private let storage: Storage

    private init(_ storage: Storage) {
        self.storage = storage
    }

    /// Makes an error.
    ///
    /// - Parameters:
    ///   - code: what happened.
    ///   - blame: who is to blame.
    ///   - reason: what was wrong, where, and what was expected, in one sentence.
    ///   - replyCode: the reply code that the broker gave, or that we give to the broker.
    ///   - replyText: the text that came with the reply code.
    ///   - method: the method that failed.
    ///   - underlying: the error behind this one.
    ///   - file: the source file that found it.
    ///   - line: the line that found it.
    public init(
        _ code: Code, blame: Blame, _ reason: String, replyCode: UInt16? = nil, replyText: String? = nil,
        method: MethodID? = nil, underlying: (any Error)? = nil, file: String = #fileID, line: Int = #line
    ) {
        storage = Storage(
            code: code, blame: blame, reason: reason, replyCode: replyCode, replyText: replyText, method: method,
            underlying: underlying, file: file, line: line)
    }

    /// This error at the end of these failures.
    func listing(_ failures: [ConnectionFailure]) -> AMQPError {
        AMQPError(
            Storage(
                code: code, blame: blame, reason: reason, replyCode: replyCode, replyText: replyText, method: method,
                underlying: underlying, connectionFailures: failures, file: file, line: line,
                recentFrames: recentFrames))
    }

    /// What happened; the property to switch over.
    public var code: Code { storage.code }
    /// Who is to blame.
    public var blame: Blame { storage.blame }
    /// What was wrong, where, and what was expected.
    public var reason: String { storage.reason }
    /// The reply code that the broker gave, for example 404, or that we gave to the broker.
    public var replyCode: UInt16? { storage.replyCode }
    /// The text that came with the reply code.
    public var replyText: String? { storage.replyText }
    /// The method that failed, for example `queue.declare`.
    public var method: MethodID? { storage.method }
    /// The error behind this one, for example a ``SystemError`` or a `ProtocolError`.
    public var underlying: (any Error)? { storage.underlying }
    /// Everything that went wrong before a connection was given up that never was open, oldest first; empty for other
    /// errors. The error itself is the last attempt's.
    public var connectionFailures: [ConnectionFailure] { storage.connectionFailures }
    /// The source file that found the error.
    public var file: String { storage.file }
    /// The line that found the error.
    public var line: Int { storage.line }
    /// The heads of some of the connection's last frames in both directions, the oldest first, if the broker broke the
    /// protocol; empty otherwise. The last of those received is the one that was wrong, or where it was found.
    public var recentFrames: [RecentFrame] { storage.recentFrames }

    /// The same error with the frames before it.
    func with(_ frames: [RecentFrame]) -> AMQPError {
        AMQPError(
            Storage(
                code: code, blame: blame, reason: reason, replyCode: replyCode, replyText: replyText, method: method,
                underlying: underlying, connectionFailures: connectionFailures, file: file, line: line,
                recentFrames: frames))
    }
}

extension AMQPError: CustomStringConvertible {
    /// The code, the reason, and what the broker said; if several attempts to connect failed, each of them.
    public var description: String {
        var text = "\(code): \(reason)"
        let said = [
            replyCode.map { "\($0)\(replyText.map { " \($0)" } ?? "")" }, method.map { "method \($0)" },
        ].compactMap { $0 }
        if !said.isEmpty { text += " (\(said.joined(separator: ", ")))" }
        if let underlying = underlying.map({ "\($0)" }), !reason.contains(underlying) { text += ": \(underlying)" }
        if connectionFailures.count > 1 {
            text += "; all failures: \(connectionFailures.map { "\($0)" }.joined(separator: "; "))"
        }
        return text
    }
}

extension AMQPError: CustomDebugStringConvertible {
    /// The description, the place in this library that found the error, and the frames before it, one a line.
    public var debugDescription: String {
        (["\(description) [\(file):\(line)]"] + recentFrames.map { "\($0)" }).joined(separator: "\n")
    }
}

extension AMQPError {
    /// Whether a request that ended with this may still be answered.
    var leavesRequest: Bool { code == .deadlineExceeded || code == .cancelled }

    /// The error for bytes of the peer's that are not AMQP.
    init(_ error: ProtocolError, file: String = #fileID, line: Int = #line) {
        let code: Code =
            switch error.kind {
            case .notAMQP: .incompatibleProtocol
            case .messageSize: .messageTooLarge
            default: .protocolViolation
            }
        self.init(
            code, blame: .peer, error.reason,
            replyCode: error.replyCode, method: error.method, underlying: error, file: file, line: line)
    }

    /// The error for an argument of the user's that cannot be sent.
    init(_ error: EncodingError, method: MethodID?, file: String = #fileID, line: Int = #line) {
        self.init(
            .invalidArgument, blame: .application, "\(error)", method: method, underlying: error, file: file,
            line: line)
    }
}
