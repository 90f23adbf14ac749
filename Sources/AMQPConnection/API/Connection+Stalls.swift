import Logging

extension Connection {
    /// Calls `listener` after callbacks of this connection's have blocked the loop for longer than ``stallThreshold``. If
    /// nobody listens, a warning is logged.
    ///
    /// Consumers' handlers and requests' completions are named. What a loop's timers and other connections take is seen by
    /// the loop only, for example in `HostedLoop.onStall`.
    @discardableResult
    public func onStall(_ listener: @escaping (Connection, CallbackStall) throws -> Void) -> ListenerToken {
        stallListeners.add { try listener($0.0, $0.1) }
    }

    /// All that was received last has been handled.
    func callbacksReturned() {
        let now = ioLoop.now
        guard lastReceived.advanced(by: stallThreshold) < now else { return }
        let handlers = channels.all.flatMap { channel in
            channel.consumers.values.filter { $0.lastRead == stallWatch.read }
                .map { "the handler of consumer \"\($0.tag)\" on channel \(channel.number)" }.sorted()
        }
        let completions = stallWatch.answers.map { "a completion of \($0)" }
        reportStall(of: handlers + completions, lastReceived.duration(to: now))
    }

    /// Tells of callbacks that have blocked the loop; for the faces that call the program's callbacks themselves.
    package func reportStall(of callbacks: [String], _ duration: Duration) {
        let stall = CallbackStall(duration: duration, callbacks: callbacks)
        if stallListeners.isEmpty {
            logger.warning("\(stall)")
        } else {
            emit((self, stall), to: stallListeners, "onStall")
        }
    }
}
