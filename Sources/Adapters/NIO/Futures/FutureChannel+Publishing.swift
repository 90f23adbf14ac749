#if NIO
public import AMQPConnection
public import NIOCore

extension FutureChannel {
    /// Publishes a message (`basic.publish`).
    ///
    /// - Parameters:
    ///   - body: the message's bytes; a text is sent as UTF-8.
    ///   - exchange: the exchange; empty is the default exchange, which routes to the queue named by the routing key.
    ///   - routingKey: the routing key, at most 255 bytes.
    ///   - properties: the message's properties.
    ///   - mandatory: whether the broker gives the message back if no queue is bound for it.
    /// - Returns: without ``confirmSelect()`` it succeeds when the message has been handed to the connection. In confirm
    ///   mode it succeeds when the broker has taken responsibility, and fails with ``PublishError`` if the broker refused or
    ///   gave the message back, or with the reason for the channel's end. It fails at once if nothing could be sent:
    ///   ``AMQPConnection/AMQPError/Code/channelWrongState``, ``AMQPConnection/AMQPError/Code/invalidArgument``,
    ///   ``AMQPConnection/AMQPError/Code/outputBufferFull``.
    @discardableResult
    public func basicPublish(
        _ body: some MessageBody & Sendable, exchange: String = "", routingKey: String,
        properties: MessageProperties = MessageProperties(), mandatory: Bool = false
    ) -> EventLoopFuture<Void> {
        onLoop { $0.publish(body, exchange, routingKey, properties, mandatory: mandatory) }
    }

    /// Puts the channel into confirm mode (`confirm.select`): the broker answers every publish from now on. The mode cannot
    /// be left again, and excludes transactions (406).
    @discardableResult
    public func confirmSelect() -> EventLoopFuture<ConfirmSelectOK> {
        request { $0.confirmSelect(completion: $1) }
    }

    /// Puts the channel into transaction mode (`tx.select`); it excludes confirm mode (406).
    @discardableResult
    public func txSelect() -> EventLoopFuture<TxSelectOK> {
        request { $0.txSelect(completion: $1) }
    }

    /// Commits the publishes and acknowledgements since the last commit or rollback (`tx.commit`).
    @discardableResult
    public func txCommit() -> EventLoopFuture<TxCommitOK> {
        request { $0.txCommit(completion: $1) }
    }

    /// Drops the publishes and acknowledgements since the last commit or rollback (`tx.rollback`).
    @discardableResult
    public func txRollback() -> EventLoopFuture<TxRollbackOK> {
        request { $0.txRollback(completion: $1) }
    }
}
#endif
