public import AMQPConnection
public import AMQPProtocol

extension AsyncChannel {
    /// Publishes a message (`basic.publish`), as soon as the gate is open (``Channel/mayPublish``): it waits while the
    /// broker blocks the connection or stops the channel's flow, while too much output waits, or while too many publishes
    /// are unconfirmed. Those who wait are served in order.
    ///
    /// It returns when the message is on its way, which is no promise that it arrives; ``publishConfirmed`` waits for one.
    ///
    /// - Parameters:
    ///   - body: the message's bytes; a text is sent as UTF-8.
    ///   - exchange: the exchange; empty is the default exchange, which routes to the queue named by the routing key.
    ///   - routingKey: the routing key, at most 255 bytes.
    ///   - properties: the message's properties.
    ///   - mandatory: whether the broker gives the message back if no queue is bound for it.
    /// - Returns: the publish's sequence number on the channel, from 1, in confirm mode; `nil` otherwise.
    /// - Throws: ``AMQPError`` if nothing was published: ``AMQPError/Code/channelWrongState``,
    ///   ``AMQPError/Code/invalidArgument``, ``AMQPError/Code/outputBufferFull``, ``AMQPError/Code/cancelled``, or
    ///   ``AMQPError/Code/loopClosed``.
    @discardableResult
    public func publish(
        _ body: some MessageBody & Sendable, exchange: String = "", routingKey: String,
        properties: MessageProperties = MessageProperties(), mandatory: Bool = false
    ) async throws(AMQPError) -> UInt64? {
        if seat.mailbox.isCurrent, !Task.isCancelled {
            // On the loop, with the gate open: nothing to wait for.
            let made = try seat.withValue { seat -> Result<UInt64?, AMQPError>? in
                guard seat.line.isFree else { return nil }
                return Result { () throws(AMQPError) in
                    try seat.channel.basicPublish(
                        body, exchange: exchange, routingKey: routingKey, properties: properties, mandatory: mandatory)
                }
            }
            if let made { return try made.get() }
        }
        return try await seat.reply { seat, pending in
            let channel = seat.channel
            let leave = seat.line.join {
                pending.finish(
                    Result { () throws(AMQPError) in
                        try channel.basicPublish(
                            body, exchange: exchange, routingKey: routingKey, properties: properties,
                            mandatory: mandatory)
                    })
            }
            guard let leave else { return }
            pending.withdraw = {
                leave()
                pending.finish(.failure(.cancelled))
            }
        }
    }

    /// Publishes a message as ``publish(_:exchange:routingKey:properties:mandatory:)`` does, and waits for its outcome. The
    /// channel has to be in confirm mode (``confirmSelect()``).
    ///
    /// - Returns: how the publish ended: confirmed, refused by the broker, returned as unroutable, or lost with the channel.
    /// - Throws: ``AMQPError`` as ``publish(_:exchange:routingKey:properties:mandatory:)``. A task that is cancelled before
    ///   the gate opens has published nothing; one that is cancelled later has, and does not hear how it ends.
    @discardableResult
    public func publishConfirmed(
        _ body: some MessageBody & Sendable, exchange: String = "", routingKey: String,
        properties: MessageProperties = MessageProperties(), mandatory: Bool = false
    ) async throws(AMQPError) -> PublishOutcome {
        try await seat.reply { seat, pending in
            let channel = seat.channel
            let leave = seat.line.join {
                do throws(AMQPError) {
                    try channel.basicPublish(
                        body, exchange: exchange, routingKey: routingKey, properties: properties, mandatory: mandatory
                    ) { pending.finish(.success($0)) }
                } catch {
                    pending.finish(.failure(error))
                }
            }
            pending.withdraw = {
                leave?()
                pending.finish(.failure(.cancelled))
            }
        }
    }

    /// Puts the channel into confirm mode (`confirm.select`).
    @discardableResult
    public func confirmSelect() async throws(AMQPError) -> ConfirmSelectOK {
        try await call { $0.confirmSelect(completion: $1) }
    }

    /// Puts the channel into transaction mode (`tx.select`).
    @discardableResult
    public func txSelect() async throws(AMQPError) -> TxSelectOK {
        try await call { $0.txSelect(completion: $1) }
    }

    /// Commits the publishes and acknowledgements since the last commit or rollback (`tx.commit`).
    @discardableResult
    public func txCommit() async throws(AMQPError) -> TxCommitOK {
        try await call { $0.txCommit(completion: $1) }
    }

    /// Drops the publishes and acknowledgements since the last commit or rollback (`tx.rollback`).
    @discardableResult
    public func txRollback() async throws(AMQPError) -> TxRollbackOK {
        try await call { $0.txRollback(completion: $1) }
    }
}
