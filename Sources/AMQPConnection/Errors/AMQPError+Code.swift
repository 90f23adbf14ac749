extension AMQPError {
    /// What happened. New codes may be added; a `switch` over them needs a `default`.
    public struct Code: Sendable, Hashable {
        private enum Value: String, Sendable, Hashable {
            case connectionOpenAborted
            case resolutionFailed
            case connectFailed
            case tlsUnavailable
            case tlsConfigurationInvalid
            case peerCertificateRefused
            case tlsFailed
            case streamLost
            case incompatibleProtocol
            case authenticationMechanismNotOffered
            case authenticationRefused
            case credentialsUnavailable
            case virtualHostRefused
            case tuningRefused
            case noFreeChannels
            case channelNumberInUse
            case connectionWrongState
            case connectionClosedByBroker
            case connectionClosedByClient
            case connectionBlockedTimeout
            case heartbeatTimeout
            case channelWrongState
            case channelClosedByBroker
            case channelClosedByClient
            case duplicateConsumerTag
            case unknownConsumerTag
            case consumerCancelled
            case notSupported
            case invalidArgument
            case outputBufferFull
            case messageTooLarge
            case protocolViolation
            case deadlineExceeded
            case cancelled
            case handlerFailed
            case reentrantCall
            case messageUnroutable
            case messageNacked
            case loopClosed
            case loopWrongState
            case descriptorNotWatchable
            case systemCallFailed
        }

        private let value: Value

        /// The connection was closed by its user before it was open.
        public static let connectionOpenAborted = Code(value: .connectionOpenAborted)
        /// The host name could not be resolved.
        public static let resolutionFailed = Code(value: .resolutionFailed)
        /// No stream could be opened to the broker; each address's error is in ``AMQPError/connectionFailures``.
        public static let connectFailed = Code(value: .connectFailed)
        /// TLS was asked for and is not there: the loop cannot secure streams, or was built without the trait TLS.
        public static let tlsUnavailable = Code(value: .tlsUnavailable)
        /// A file, certificate, key or cipher list of the ``TLSConfiguration`` cannot be used; the underlying
        /// ``TLSError`` says why.
        public static let tlsConfigurationInvalid = Code(value: .tlsConfigurationInvalid)
        /// The peer's certificate does not stand up; the ``TLSError/problem`` of the underlying ``TLSError`` says why.
        public static let peerCertificateRefused = Code(value: .peerCertificateRefused)
        /// TLS failed, in the handshake or later; the underlying ``TLSError`` says why.
        public static let tlsFailed = Code(value: .tlsFailed)
        /// The stream to the broker ended without a close of either side.
        public static let streamLost = Code(value: .streamLost)
        /// What answers does not speak AMQP 0-9-1.
        public static let incompatibleProtocol = Code(value: .incompatibleProtocol)
        /// The broker offers none of the mechanisms that the credentials can use.
        public static let authenticationMechanismNotOffered = Code(value: .authenticationMechanismNotOffered)
        /// The broker refused the credentials.
        public static let authenticationRefused = Code(value: .authenticationRefused)
        /// The provider of the credentials had none; its error is the underlying one.
        public static let credentialsUnavailable = Code(value: .credentialsUnavailable)
        /// The broker refused access to the virtual host, or it does not exist.
        public static let virtualHostRefused = Code(value: .virtualHostRefused)
        /// The broker proposed limits that cannot be accepted.
        public static let tuningRefused = Code(value: .tuningRefused)
        /// All channel numbers that the broker allows are in use.
        public static let noFreeChannels = Code(value: .noFreeChannels)
        /// The channel number that was asked for is in use.
        public static let channelNumberInUse = Code(value: .channelNumberInUse)
        /// The connection is not open, so the call could not be made.
        public static let connectionWrongState = Code(value: .connectionWrongState)
        /// The broker closed the connection; the reply code says why.
        public static let connectionClosedByBroker = Code(value: .connectionClosedByBroker)
        /// The program closed the connection.
        public static let connectionClosedByClient = Code(value: .connectionClosedByClient)
        /// The broker blocked the connection for longer than was allowed.
        public static let connectionBlockedTimeout = Code(value: .connectionBlockedTimeout)
        /// The broker has been silent for too long, or has taken none of the output for two heartbeat intervals.
        public static let heartbeatTimeout = Code(value: .heartbeatTimeout)
        /// The channel is not open, so the call could not be made.
        public static let channelWrongState = Code(value: .channelWrongState)
        /// The broker closed the channel; the reply code says why.
        public static let channelClosedByBroker = Code(value: .channelClosedByBroker)
        /// The program closed the channel.
        public static let channelClosedByClient = Code(value: .channelClosedByClient)
        /// The consumer tag is in use on the channel.
        public static let duplicateConsumerTag = Code(value: .duplicateConsumerTag)
        /// The channel has no consumer with the tag.
        public static let unknownConsumerTag = Code(value: .unknownConsumerTag)
        /// The consumer was cancelled, by the broker or by the program.
        public static let consumerCancelled = Code(value: .consumerCancelled)
        /// The broker, or this library, does not support what was asked for.
        public static let notSupported = Code(value: .notSupported)
        /// An argument cannot be sent; nothing of the call was written.
        public static let invalidArgument = Code(value: .invalidArgument)
        /// So much output is waiting that the call was refused; nothing of it was written.
        public static let outputBufferFull = Code(value: .outputBufferFull)
        /// The broker announced a message larger than ``ConnectionParameters/messageSizeLimit``, which ends the connection.
        public static let messageTooLarge = Code(value: .messageTooLarge)
        /// The broker sent something that is not allowed by AMQP 0-9-1.
        public static let protocolViolation = Code(value: .protocolViolation)
        /// No answer came in time.
        public static let deadlineExceeded = Code(value: .deadlineExceeded)
        /// Whoever waited was cancelled, and what was waited for has been withdrawn as far as possible.
        public static let cancelled = Code(value: .cancelled)
        /// A handler of the program's threw an error, which is the underlying one.
        public static let handlerFailed = Code(value: .handlerFailed)
        /// A blocking call was made where it could not return: inside a callback that it would have to wait for.
        public static let reentrantCall = Code(value: .reentrantCall)
        /// A mandatory message came back: no queue is bound for it.
        public static let messageUnroutable = Code(value: .messageUnroutable)
        /// The broker could not take responsibility for a message; it may be published again.
        public static let messageNacked = Code(value: .messageNacked)
        /// The loop no longer exists.
        public static let loopClosed = Code(value: .loopClosed)
        /// The loop is not in a state for the call, for example it runs already.
        public static let loopWrongState = Code(value: .loopWrongState)
        /// The loop cannot watch a descriptor.
        public static let descriptorNotWatchable = Code(value: .descriptorNotWatchable)
        /// A system call failed.
        public static let systemCallFailed = Code(value: .systemCallFailed)
    }
}

extension AMQPError.Code: CustomStringConvertible {
    /// The code's name.
    public var description: String { value.rawValue }
}
