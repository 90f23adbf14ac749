import AMQPConnection

extension AMQPError {
    /// The error for the end of a consumer, or `nil` if the program itself has ended its channel or connection.
    var unlessOwnDoing: AMQPError? {
        code == .channelClosedByClient || code == .connectionClosedByClient ? nil : self
    }

    /// The outcome of a publish that failed with this, for faces whose publishes fail where the core's have an outcome.
    ///
    /// - Throws: the error itself, if nothing was published.
    func asOutcome() throws(AMQPError) -> PublishOutcome {
        switch code {
        case .channelClosedByBroker, .channelClosedByClient, .connectionClosedByBroker, .connectionClosedByClient,
            .streamLost, .heartbeatTimeout:
            return .lost(self)
        default: throw self
        }
    }
}
