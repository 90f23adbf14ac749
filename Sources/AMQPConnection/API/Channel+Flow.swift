public import AMQPProtocol

extension Channel {
    /// Asks the broker to stop or to go on sending deliveries (`channel.flow`).
    ///
    /// RabbitMQ knows only `true`, and closes the connection (540) otherwise.
    ///
    /// - Parameters:
    ///   - active: whether deliveries are wanted.
    ///   - completion: called exactly once, with the broker's answer or the reason for failure.
    public func flow(active: Bool, completion: ((Result<ChannelFlowOK, AMQPError>) throws -> Void)? = nil) {
        request(.channelFlow(ChannelFlow(active: active)), completion)
    }

    /// Asks for access to a realm (`access.request`), as brokers of AMQP 0-8 want it; RabbitMQ answers and ignores it.
    ///
    /// The ticket is the channel's from then on (``accessTicket``).
    ///
    /// - Parameters:
    ///   - realm: the realm's name, at most 255 bytes.
    ///   - exclusive: whether nobody else may have access.
    ///   - passive: whether passive access is wanted.
    ///   - active: whether active access is wanted.
    ///   - write: whether write access is wanted.
    ///   - read: whether read access is wanted.
    ///   - completion: called exactly once, with the ticket or the reason for failure.
    public func accessRequest(
        _ realm: String, exclusive: Bool = false, passive: Bool = false, active: Bool = false, write: Bool = false,
        read: Bool = false, completion: ((Result<AccessRequestOK, AMQPError>) throws -> Void)? = nil
    ) {
        let access = AccessRequest(
            realm: realm, exclusive: exclusive, passive: passive, active: active, write: write, read: read)
        request(.accessRequest(access), isObserved: completion != nil) {
            [self] (result: Result<AccessRequestOK, AMQPError>) in
            if case .success(let reply) = result { accessTicket = reply.ticket }
            try completion?(result)
        }
    }
}
