public import AMQPProtocol

extension Channel {
    /// Puts the channel into transaction mode (`tx.select`); it excludes confirm mode (406).
    ///
    /// - Parameter completion: called exactly once, with the broker's answer or the reason for failure.
    public func txSelect(completion: ((Result<TxSelectOK, AMQPError>) throws -> Void)? = nil) {
        request(.txSelect(TxSelect()), completion)
    }

    /// Commits the publishes and acknowledgements since the last commit or rollback (`tx.commit`).
    ///
    /// - Parameter completion: called exactly once, with the broker's answer or the reason for failure.
    public func txCommit(completion: ((Result<TxCommitOK, AMQPError>) throws -> Void)? = nil) {
        request(.txCommit(TxCommit()), completion)
    }

    /// Drops the publishes and acknowledgements since the last commit or rollback (`tx.rollback`).
    ///
    /// - Parameter completion: called exactly once, with the broker's answer or the reason for failure.
    public func txRollback(completion: ((Result<TxRollbackOK, AMQPError>) throws -> Void)? = nil) {
        request(.txRollback(TxRollback()), completion)
    }
}
