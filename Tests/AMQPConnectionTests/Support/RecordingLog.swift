internal import AMQPConnection
internal import Logging

/// What was logged, line by line, at any level.
final class RecordingLog: Sendable {
    struct Line: Sendable {
        var level: Logger.Level
        var message: String
        var metadata: Logger.Metadata
    }

    private let lines = Guarded<[Line]>([])

    /// A logger that writes here.
    var logger: Logger { Logger(label: "test") { _ in Handler(log: self) } }

    var all: [Line] { lines.withLock { $0 } }

    /// The lines in which a text occurs.
    func lines(with text: String) -> [Line] { all.filter { $0.message.contains(text) } }

    private struct Handler: LogHandler {
        let log: RecordingLog
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let message = "\(event.message)" + (event.error.map { " \($0)" } ?? "")
            let all = metadata.merging(event.metadata ?? [:]) { $1 }
            log.lines.withLock { $0.append(Line(level: event.level, message: message, metadata: all)) }
        }
    }
}
