public import AMQPConnection

extension BlockingChannel {
    /// Puts the channel into transaction mode; it excludes confirm mode (406).
    ///
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func txSelect() throws(AMQPError) -> TxSelectOK {
        try call { completion in core.txSelect(completion: completion) }
    }

    /// Commits the publishes and acknowledgements since the last commit or rollback.
    ///
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func txCommit() throws(AMQPError) -> TxCommitOK {
        try call { completion in core.txCommit(completion: completion) }
    }

    /// Drops the publishes and acknowledgements since the last commit or rollback.
    ///
    /// - Throws: ``AMQPError``: what ended the channel or the connection.
    @available(*, noasync)
    @discardableResult
    public func txRollback() throws(AMQPError) -> TxRollbackOK {
        try call { completion in core.txRollback(completion: completion) }
    }
}
