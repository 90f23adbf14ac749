extension Connection {
    /// How long nothing is read at a stretch: RabbitMQ closes a connection that has taken nothing for 15 s.
    private static let longestPause = Duration.seconds(5)

    /// Asks the connection to read no more until the pause is ended, so that a consumer that acknowledges automatically
    /// need not keep what it cannot handle yet: the broker is held back by the stream's own flow control.
    ///
    /// Reading goes on all the same while an answer is awaited on the connection (of a request, of a publish in confirm
    /// mode, of a publisher at the gate, of a close), and once every five seconds for one read, because RabbitMQ gives up
    /// a peer that takes nothing. Meanwhile the broker's silence is not held against it; our heartbeats leave as usual.
    ///
    /// - Returns: the pause. Several may be under way; reading goes on when all have ended.
    public func pauseReading() -> ReadingPause {
        ioLoop.mailbox.assertCurrent()
        readingPauseCount += 1
        updateReading()
        return ReadingPause(self)
    }

    func readingPauseEnded() {
        ioLoop.mailbox.assertCurrent()
        readingPauseCount -= 1
        updateReading()
    }

    /// Whether something can only go on when the broker is heard.
    private var awaitsBroker: Bool {
        guard isOpen, secretUpdates.isEmpty else { return true }
        return channels.all.contains { $0.awaitsBroker }
    }

    /// Pauses or resumes the stream as it should be now.
    func updateReading() {
        guard readingPauseCount > 0 || isReadingPaused, let transport else { return }
        let shouldPause = readingPauseCount > 0 && !awaitsBroker
        guard shouldPause != isReadingPaused else { return }
        isReadingPaused = shouldPause
        readingTimer?.cancel()
        readingTimer = nil
        if shouldPause {
            transport.pauseReading()
            readingTimer = ioLoop.callLater(Connection.longestPause) { [weak self] in self?.readOnce() }
        } else {
            lastReceived = ioLoop.now
            transport.resumeReading()
        }
    }

    /// Reads until something has come; then it is looked at again whether to pause.
    private func readOnce() {
        guard isReadingPaused, let transport else { return }
        isReadingPaused = false
        readingTimer = nil
        lastReceived = ioLoop.now
        transport.resumeReading()
    }
}

extension Channel {
    /// Whether something on the channel can only go on when the broker is heard.
    fileprivate var awaitsBroker: Bool {
        guard isOpen || isClosed else { return true }
        return requests.awaitsReply || confirms.openCount > 0 || wasGateSeenClosed
    }
}
