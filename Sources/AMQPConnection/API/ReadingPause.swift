/// Asks a connection not to read; ``Connection/pauseReading()`` makes it.
public final class ReadingPause {
    private weak var connection: Connection?

    init(_ connection: Connection) {
        self.connection = connection
    }

    /// Ends the pause, for good. Ending it twice does nothing; dropping it without ending it does not end it.
    public func end() {
        guard let connection else { return }
        self.connection = nil
        connection.readingPauseEnded()
    }
}

@available(*, unavailable)
extension ReadingPause: Sendable {}
