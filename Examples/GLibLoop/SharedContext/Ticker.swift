import CGLib
import Foundation

/// A part of the program that knows nothing of AMQP: a timeout that writes lines into a pipe, and a watch that reads
/// them, both in GLib's default context.
final class Ticker {
    private let pipe = Pipe()
    private var count = 0
    private let onLine: (String) -> Void

    private init(_ onLine: @escaping (String) -> Void) { self.onLine = onLine }

    /// Ticks as long as the program lives.
    ///
    /// - Parameter onLine: called with each line that came out of the pipe.
    static func start(every milliseconds: UInt32, onLine: @escaping (String) -> Void) {
        // SAFETY: the object is retained here and never released, so it is there whenever GLib calls.
        let ticker = Unmanaged.passRetained(Ticker(onLine))
        let data = ticker.toOpaque()
        g_timeout_add(
            milliseconds,
            { data in
                if let data { Unmanaged<Ticker>.fromOpaque(data).takeUnretainedValue().tick() }
                return gboolean(1)
            }, data)
        g_unix_fd_add(
            ticker.takeUnretainedValue().pipe.fileHandleForReading.fileDescriptor, G_IO_IN,
            { _, _, data in
                if let data { Unmanaged<Ticker>.fromOpaque(data).takeUnretainedValue().read() }
                return gboolean(1)
            }, data)
    }

    private func tick() {
        count += 1
        pipe.fileHandleForWriting.write(Data("tick \(count)\n".utf8))
    }

    private func read() {
        let text = String(decoding: pipe.fileHandleForReading.availableData, as: UTF8.self)
        for line in text.split(separator: "\n") { onLine(String(line)) }
    }
}
