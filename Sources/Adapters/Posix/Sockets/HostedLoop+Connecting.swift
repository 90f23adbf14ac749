public import AMQPConnection

extension HostedLoop {
    /// Opens a stream to one address: a TCP socket with `TCP_NODELAY`, or a UNIX domain socket.
    ///
    /// There is no deadline but the system's own (about two minutes); a shorter one is a timer that cancels.
    ///
    /// - Parameter completion: called exactly once on the loop's thread, never inside this call, with a stream that has
    ///   not been started yet, or an error of code `connectFailed` over the system's; not called after the returned
    ///   object was cancelled. If the loop is closed meanwhile the error is `loopClosed`; on a loop that is closed
    ///   already nothing is called.
    public func connect(
        to address: SocketAddress, options: SocketOptions = SocketOptions(),
        _ completion: @escaping (Result<any StreamTransport, AMQPError>) -> Void
    ) -> any Cancellable {
        assertCurrent()
        let connector = SocketConnector(loop: self, address: address, completion)
        if !isClosed { connector.begin(options) }
        return connector
    }
}
