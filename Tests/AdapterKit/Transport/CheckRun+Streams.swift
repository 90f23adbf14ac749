internal import AMQPConnection
internal import AMQPPosix

extension CheckRun {
    /// Opens a stream to a listener of the check's and takes the other end.
    ///
    /// - Parameter body: called on the loop with a stream that has not been started.
    func connect(
        to listener: PeerListener, options: SocketOptions = SocketOptions(),
        _ body: @escaping (any StreamTransport, PeerSocket) throws -> Void
    ) {
        _ = loop.connect(to: listener.address, options: options) { result in
            self.entered("a connect's completion")
            do {
                let stream = try result.get()
                guard let peer = listener.accept() else {
                    throw CheckProblem("\(listener.address): connected, but nothing came out of accept")
                }
                try body(stream, peer)
            } catch {
                self.fail("\(error)")
                self.finish()
            }
        }
    }

    /// Opens a stream over loopback and starts it with a probe.
    func open(_ body: @escaping (any StreamTransport, PeerSocket, StreamProbe) throws -> Void) throws {
        let listener = try PeerListener()
        connect(to: listener) { stream, peer in
            let probe = StreamProbe(self)
            stream.start(probe)
            try body(stream, peer, probe)
        }
    }

    /// Looks again and again, a millisecond apart, until a condition holds, and goes on then.
    func when(_ condition: @escaping () -> Bool, _ body: @escaping () -> Void) {
        if condition() { return body() }
        loop.callLater(.milliseconds(1)) { self.when(condition, body) }
    }
}
