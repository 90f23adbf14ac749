public import AMQPConnection

extension HostedLoop {
    /// Resolves a host name to addresses, without blocking the loop.
    ///
    /// The system's resolver (getaddrinfo) works on a thread of its own, at most eight in a process; an address in text
    /// needs none.
    ///
    /// - Parameters:
    ///   - host: a name, or an IPv4 or IPv6 address in text.
    ///   - port: the port of the addresses.
    ///   - completion: called exactly once on the loop's thread, never inside this call, with at least one address in
    ///     the system's order, or an error of code `resolutionFailed` over the resolver's own; not called after the
    ///     returned object was cancelled. If the loop is closed meanwhile the error is `loopClosed`; on a loop that is
    ///     closed already nothing is called.
    public func resolve(
        _ host: String, port: UInt16, _ completion: @escaping (Result<[SocketAddress], AMQPError>) -> Void
    ) -> any Cancellable {
        assertCurrent()
        let resolution = Resolution(loop: self, completion)
        if !isClosed { resolution.begin(host, port: port) }
        return resolution
    }
}
